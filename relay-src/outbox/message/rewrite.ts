/**
 * The message as Graph must see it. Graph has no envelope: it mails whoever the header names. So To and Cc lose
 * whom the envelope does not hold, Bcc gets whom they do not name, and nothing else in the header can name anybody.
 * The body's bytes never change.
 */
import { headerFields, type HeaderField } from '../../smtp/header-fields.ts';
import { validatorTrace } from './trace.ts';
import { canonical, Envelope, keepRecipients, namedAddresses } from './recipients.ts';

const crlf = Buffer.from('\r\n');
const twice = Buffer.from('\r\n\r\n');

/** Why a message cannot be sent as it is; the text is for the client. */
export class MessageError extends Error {
  /** Enhanced status code, 5.x.x. */
  readonly status: string;
  constructor(status: string, message: string) {
    super(message);
    this.status = status;
  }
}

export interface RewriteOptions {
  /** '' is the null reverse-path. */
  readonly sender: string;
  readonly recipients: readonly string[];
  /** What to do with addresses in To and Cc that the envelope does not hold. */
  readonly headerRecipients: 'rewrite' | 'refuse';
}

/** Octets of the header block, the empty line behind it included if there is one. */
export function headerLength(message: Buffer): number {
  if (message.indexOf('\r\n') === 0) return 2;
  const end = message.indexOf('\r\n\r\n');
  return end < 0 ? message.length : end + 4;
}

/** The whole message, with the header that {@link rewriteHeader} makes. Throws {@link MessageError}. */
export function rewriteMessage(message: Buffer, options: RewriteOptions): Buffer {
  const end = headerLength(message);
  return Buffer.concat([rewriteHeader(message.subarray(0, end), options), message.subarray(end)]);
}

/** The message with one more field at the end of its header. */
export function addField(message: Buffer, field: string): Buffer {
  const end = headerLength(message);
  const blank =
    message.subarray(0, end).equals(crlf) || message.subarray(0, end).subarray(-4).equals(twice) ? 2 : 0;
  return Buffer.concat([
    message.subarray(0, end - blank),
    Buffer.from(`${field}\r\n`),
    message.subarray(end - blank),
  ]);
}

/**
 * The new header block, with the empty line if there was one. Fields that need no change keep their bytes and their
 * order. Throws {@link MessageError} if an address field cannot be read, or names strangers and may not.
 */
export function rewriteHeader(header: Buffer, options: RewriteOptions): Buffer {
  const fields = headerFields(header);
  const envelope = new Envelope(options.recipients);
  const trace = validatorTrace(fields);
  const changes = fields.map((field, index) => changedField(header, field, index < trace, envelope, options));
  const hasTo = fields.some(({ name }, index) => /^(to|cc)$/.test(name) && changes[index]?.stays === true);
  const named = new Set(changes.flatMap((change) => change.named));
  const added = Buffer.from(addedFields(fields, envelope, named, hasTo, options));
  // Right behind the trace fields: a reader that takes a line of blanks for the end of the header must not find Bcc
  // in the text.
  const place = fields.find(({ name }) => name !== 'received' && name !== 'return-path')?.start ?? 0;
  const pieces: Buffer[] = [];
  let copied = 0;
  for (const [index, { end, start }] of fields.entries()) {
    const { text } = changes[index] ?? unchanged;
    if (start !== place && text === undefined) continue;
    pieces.push(header.subarray(copied, start));
    if (start === place) pieces.push(added);
    pieces.push(text === undefined ? header.subarray(start, end) : Buffer.from(text, 'latin1'));
    copied = end;
  }
  pieces.push(header.subarray(copied));
  const rewritten = Buffer.concat(pieces);
  assertRecipients(rewritten, options.recipients);
  return rewritten;
}

/** Throws unless a reader of the header would mail exactly these recipients. */
export function assertRecipients(header: Buffer, recipients: readonly string[]): void {
  const fields = headerFields(header);
  const foreign = fields.find(({ name }) => name.startsWith('resent-'));
  const named = new Set<string>();
  for (const field of fields.filter(({ name }) => /^(to|cc|bcc)$/.test(name))) {
    for (const address of namedAddresses(rawValue(header, field)) ?? ['?']) named.add(address);
  }
  const wanted = new Set(recipients.map(canonical));
  if (foreign !== undefined || named.size !== wanted.size || [...named].some((one) => !wanted.has(one))) {
    throw new MessageError('5.6.0', 'the header would not reach exactly the recipients of the envelope');
  }
}

interface Change {
  /** What stands in its place, one character an octet; undefined: the field as it is. */
  readonly text: string | undefined;
  readonly stays: boolean;
  readonly named: readonly string[];
}

const unchanged: Change = { text: undefined, stays: true, named: [] };
const removed: Change = { text: '', stays: false, named: [] };

function changedField(
  header: Buffer,
  field: HeaderField,
  aboveTrace: boolean,
  envelope: Envelope,
  { headerRecipients }: RewriteOptions,
): Change {
  const { name } = field;
  if (name === 'received') return aboveTrace ? removed : unchanged;
  if (name === 'bcc' || name === 'return-path' || name.startsWith('resent-')) return removed;
  if (name !== 'to' && name !== 'cc') return unchanged;
  const title = name === 'to' ? 'To' : 'Cc';
  const value = rawValue(header, field);
  const kept = keepRecipients(value, envelope);
  if (kept === undefined) throw new MessageError('5.6.0', `${title} is not a list of addresses`);
  const [stranger] = kept.strangers;
  if (stranger !== undefined && headerRecipients === 'refuse') {
    throw new MessageError('5.7.1', `${title} names <${stranger}>, who is not a recipient`);
  }
  if (kept.empty && kept.value === undefined) return removed;
  if (kept.value === undefined) return { text: undefined, stays: true, named: kept.named };
  const original = `X-Relay-Original-${title}:${folded(value)}`;
  return kept.empty
    ? { text: original, stays: false, named: [] }
    : { text: `${title}:${kept.value}\r\n${original}`, stays: true, named: kept.named };
}

/** The value of a field as it stands, folds and last line end included, one character an octet. */
function rawValue(header: Buffer, field: HeaderField): string {
  const raw = header.toString('latin1', field.start, field.end);
  return raw.slice(raw.indexOf(':') + 1);
}

/** The value behind a longer name: its first line must not get too long (RFC 5322 2.1.1). */
function folded(value: string): string {
  const line = value.endsWith('\r\n') ? value : `${value}\r\n`;
  return line.indexOf('\r\n') < 900 ? line : `\r\n ${line.trimStart()}`;
}

function addedFields(
  fields: readonly HeaderField[],
  envelope: Envelope,
  named: ReadonlySet<string>,
  hasTo: boolean,
  { sender }: RewriteOptions,
): string {
  const has = (name: string): boolean => fields.some((field) => field.name === name);
  const lines: string[] = [];
  const blind = envelope.addresses.filter((address) => !named.has(address));
  if (blind.length > 0) lines.push(`Bcc: ${blind.join(',\r\n\t')}`);
  // RFC 5322 3.6.3 wants no To, but receivers and Graph look for one.
  if (!hasTo) lines.push('To: undisclosed-recipients:;');
  if (sender === '') {
    // Nobody may answer what has no sender (RFC 3834 2, 5), and Graph sends it with one.
    if (!has('auto-submitted')) lines.push('Auto-Submitted: auto-generated');
    if (!has('x-auto-response-suppress')) lines.push('X-Auto-Response-Suppress: All');
  }
  return lines.map((line) => `${line}\r\n`).join('');
}
