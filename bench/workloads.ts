/** The five workloads, as data. */

export interface Workload {
  readonly name: string;
  readonly what: string;
  readonly connections: number;
  readonly perConnection: number;
  /** Fewer for a program that is slow; see {@link messagesFor}. */
  readonly messages: number;
  /** In how many parts they are sent, in turn with the other programs; 1 where memory of one program is the question. */
  readonly slices: number;
  /** Sent before the measurement, at most; none where memory of a fresh program is the question. */
  readonly warmUp: number;
  /** Octets of a message; `invitation`: 10 MB with a calendar part that the recipient does not get. */
  readonly content: number | 'invitation' | 'refused';
  /** Whether the next hop offers PIPELINING; Mailpit does not. */
  readonly pipelining: boolean;
}

const kib = 1024;
const mib = 1024 * kib;

const small = { connections: 20, content: kib, pipelining: true };
// V8 compiles on during the first 20,000 messages.
const w1 = { ...small, perConnection: 1, messages: 5000, slices: 5, warmUp: 10_000 };
const w2 = { ...small, perConnection: 100, messages: 10_000, slices: 5, warmUp: 30_000 };

export const workloads: readonly Workload[] = [
  { ...w1, name: 'W1', what: 'a connection for each message of 1 KiB, 20 at once' },
  { ...w1, name: 'W1k', what: 'W1 with a next hop that offers no PIPELINING', pipelining: false },
  { ...w2, name: 'W2', what: '100 messages of 1 KiB a connection, 20 at once' },
  { ...w2, name: 'W2k', what: 'W2 with a next hop that offers no PIPELINING', pipelining: false },
  {
    name: 'W3',
    what: 'messages of 10 MiB, 4 at once',
    connections: 4,
    perConnection: 5,
    messages: 60,
    slices: 1,
    warmUp: 20,
    content: 10 * mib,
    pipelining: true,
  },
  {
    ...w2,
    name: 'W4',
    what: 'recipients whose domain does not exist: MAIL, RCPT, RSET; 100 a connection, 20 at once',
    content: 'refused',
  },
  {
    name: 'W5',
    what: '100 messages of 10 MB at once, with a calendar part that is to be cut out',
    connections: 100,
    perConnection: 1,
    messages: 100,
    slices: 1,
    warmUp: 0,
    content: 'invitation',
    pipelining: true,
  },
];

/** The same work with another number of messages, spread over all connections. */
export function withMessages(workload: Workload, messages: number): Workload {
  const connections = Math.min(workload.connections, messages);
  const perConnection = Math.min(workload.perConnection, Math.ceil(messages / connections));
  return { ...workload, messages, connections, perConnection };
}

/** The quick profile, for CI: enough to see errors, not to compare. */
export function quick(workload: Workload): Workload {
  const share = workload.content === 'invitation' ? 5 : 10;
  return {
    ...withMessages(workload, workload.messages / share),
    slices: 1,
    warmUp: Math.ceil(workload.warmUp / share),
  };
}

/** Seconds after which warm-up and measurement of a slow program end, as more messages would say the same. */
export const enoughSeconds = 6;

/** The workload for a program that does `rate` messages a second; in full if that is not known. */
export function scaled(workload: Workload, rate: number | undefined): Workload {
  if (rate === undefined) return workload;
  const least = Math.min(workload.messages, 2 * workload.connections);
  return withMessages(
    workload,
    Math.max(least, Math.min(workload.messages, Math.ceil(rate * enoughSeconds))),
  );
}

/** A message of 10 MB with a calendar part and an attachment, dot-stuffed, CRLF. */
export function invitation(recipient: string): Buffer {
  const calendar = [
    'BEGIN:VCALENDAR',
    'METHOD:REQUEST',
    'BEGIN:VEVENT',
    ...Array.from({ length: 200 }, (_, index) => `ATTENDEE:mailto:guest${index}@ok.test`),
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  const attachment = Buffer.alloc(
    10 * mib,
    'a line of the attachment, as long as any other line in base64\n',
  );
  const head = [
    'From: <sender@ok.test>',
    `To: <${recipient}>`,
    'Subject: invitation',
    'Date: Thu, 1 Jan 2026 00:00:00 +0000',
    'Message-ID: <2@load.test>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="=_1"',
    '',
    '--=_1',
    'Content-Type: text/plain; charset=utf-8',
    '',
    '..a line that begins with a dot',
    '--=_1',
    'Content-Type: text/calendar; method=REQUEST; charset=utf-8',
    '',
    ...calendar,
    '--=_1',
    'Content-Type: application/pdf; name=a.pdf',
    'Content-Transfer-Encoding: base64',
    '',
  ];
  const base64 = attachment.subarray(0, Math.floor((attachment.length * 57) / 78)).toString('base64');
  const lines = base64.replaceAll(/.{76}/g, '$&\r\n');
  return Buffer.from(`${head.join('\r\n')}\r\n${lines}\r\n--=_1--\r\n`, 'latin1');
}
