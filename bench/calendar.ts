/**
 * Throughput and memory of the calendar cutter: `node bench/calendar.ts [MB] [rounds]`. The process
 * itself is part of the peak; what the messages add to it stands in parentheses.
 *
 * Each message is fed in chunks of 64 KiB, as sockets deliver them, from one buffer that is filled anew
 * for every chunk, so that the peak memory is that of the cutter and not of the message.
 */
import { readFileSync } from 'node:fs';
import { CalendarCutter } from '../relay-src/mx-validator/calendar/cutter.ts';

const megabytes = Number(process.argv[2] ?? 50);
const rounds = Number(process.argv[3] ?? 5);
const chunkBytes = 64 * 1024;

interface Workload {
  readonly name: string;
  readonly head: string;
  /** Repeated to the wanted size. */
  readonly body: string;
  readonly tail: string;
}

const base64Line = `${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx'.padEnd(76, '2')}\r\n`;
const html = '<p style="margin-top: 0">A booking -- confirmed <!-- event-id: 4711 --> by the host.</p>\r\n';
const head = 'From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="';
const nextPart = '----=_NextPart_000_01D9';
const calendar = `--${nextPart}\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n`;
const attachment = 'Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n';

const workloads: readonly Workload[] = [
  {
    name: 'base64 attachment, one calendar part',
    head: `${head}${nextPart}"\r\n\r\n${calendar}--${nextPart}\r\n${attachment}`,
    body: base64Line,
    tail: `--${nextPart}--\r\n`,
  },
  {
    name: 'HTML text, one calendar part',
    head: `${head}${nextPart}"\r\n\r\n${calendar}--${nextPart}\r\nContent-Type: text/html\r\n\r\n`,
    body: html,
    tail: `--${nextPart}--\r\n`,
  },
  {
    name: 'the calendar part itself is large',
    head: `${head}${nextPart}"\r\n\r\n${calendar}`,
    body: base64Line,
    tail: `--${nextPart}--\r\n`,
  },
  {
    name: 'hostile: short boundary, each line is nearly a delimiter',
    head: `${head}b"\r\n\r\n--b\r\n\r\n`,
    body: '--bx\r\n',
    tail: '--b--\r\n',
  },
];

function* chunks({ head: first, body, tail }: Workload, bytes: number): Generator<Buffer> {
  yield Buffer.from(first, 'latin1');
  const template = Buffer.alloc(chunkBytes + body.length, body, 'latin1');
  const chunk = Buffer.allocUnsafe(chunkBytes);
  for (let sent = 0; sent < bytes; sent += chunkBytes) {
    const phase = sent % body.length;
    template.copy(chunk, 0, phase, phase + chunkBytes);
    yield chunk;
  }
  yield Buffer.from(`\r\n${tail}`, 'latin1');
}

/** Seconds spent inside of the cutter, and octets that came out. */
function run(workload: Workload, bytes: number): { seconds: number; out: number } {
  const cutter = new CalendarCutter();
  let elapsed = 0n;
  let out = 0;
  for (const chunk of chunks(workload, bytes)) {
    const start = process.hrtime.bigint();
    const ranges = cutter.write(chunk);
    elapsed += process.hrtime.bigint() - start;
    for (const range of ranges) out += range.length;
  }
  for (const range of cutter.end()) out += range.length;
  return { seconds: Number(elapsed) / 1e9, out };
}

function megabytesOf(kibibytes: number): string {
  return (kibibytes / 1024).toFixed(0);
}

const bytes = megabytes * 1e6;
process.stdout.write(`${megabytes} MB a message, ${rounds} rounds, chunks of ${chunkBytes} bytes\n`);
for (const workload of workloads) {
  run(workload, 1e6);
  const before = process.resourceUsage().maxRSS;
  const results = Array.from({ length: rounds }, () => run(workload, bytes));
  const speeds = results.map(({ seconds }) => megabytes / seconds).toSorted((a, b) => a - b);
  const median = speeds[speeds.length >> 1] ?? 0;
  const spread = `${speeds[0]?.toFixed(0)}-${speeds.at(-1)?.toFixed(0)}`;
  const after = process.resourceUsage().maxRSS;
  process.stdout.write(
    `${median.toFixed(0).padStart(7)} MB/s (${spread}), peak RSS ${megabytesOf(after)} MiB ` +
      `(+${megabytesOf(after - before)}), ${results[0]?.out} bytes out: ${workload.name}\n`,
  );
}

const invitation = readFileSync(
  new URL('../relay-src/mx-validator/calendar/corpus/google-invite.eml', import.meta.url),
);
const count = 20_000;
const start = performance.now();
for (let index = 0; index < count; index += 1) {
  const cutter = new CalendarCutter();
  cutter.write(invitation);
  cutter.end();
}
const microseconds = ((performance.now() - start) * 1000) / count;
process.stdout.write(
  `${microseconds.toFixed(0).padStart(7)} microseconds for an invitation of ${invitation.length} bytes\n`,
);
