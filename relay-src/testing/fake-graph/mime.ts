/** What Graph sees in a MIME message. Read with a parser that is not ours, so that it is a witness. */
import { createHash } from 'node:crypto';
import PostalMime, { type Address } from 'postal-mime';

export interface SeenMessage {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly messageId: string;
  readonly subject: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly bodySha256: string;
}

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** The bytes behind strict base64, line breaks aside; undefined if it is none. */
export function decodeBase64(text: string): Buffer | undefined {
  const plain = text.replace(/\r?\n/g, '');
  if (plain.length === 0 || plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(plain)) return undefined;
  return Buffer.from(plain, 'base64');
}

/** Undefined if it does not parse: no header block, no From, a multipart without its end. */
export async function readMime(mime: Buffer): Promise<SeenMessage | undefined> {
  const end = mime.indexOf('\r\n\r\n');
  const header = end < 0 ? mime : mime.subarray(0, end + 4);
  if (!/^[!-9;-~]+:/.test(header.toString('latin1', 0, 100))) return undefined;
  // Only the header is parsed: what follows is compared as bytes, and may be large.
  const { from, to, cc, bcc, headers, messageId, subject } = await PostalMime.parse(header);
  if (from === undefined) return undefined;
  const type = headers.find(({ key }) => key === 'content-type')?.value ?? '';
  const boundary = /^multipart\/.*;\s*boundary="?([^";]+)"?/is.exec(type)?.[1];
  if (boundary !== undefined && !mime.includes(`--${boundary}--`)) return undefined;
  return {
    from: flat([from])[0] ?? '',
    to: flat(to),
    cc: flat(cc),
    bcc: flat(bcc),
    messageId: messageId ?? '',
    subject: subject ?? '',
    bytes: mime.length,
    sha256: sha256(mime),
    bodySha256: sha256(end < 0 ? '' : mime.subarray(end + 4)),
  };
}

function flat(addresses: readonly Address[] | undefined): string[] {
  return (addresses ?? [])
    .flatMap((one) => (one.address === undefined ? (one.group ?? []) : [one]))
    .map(({ address }) => address ?? '')
    .filter((address) => address !== '');
}
