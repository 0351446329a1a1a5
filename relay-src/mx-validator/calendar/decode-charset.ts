/**
 * Text in the charset that a sender names; octet by octet (latin1) where we do not know the name or the
 * octets do not fit it. That is enough to compare ASCII suffixes.
 */
export function decodeCharset(octets: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(octets);
  } catch {
    return octets.toString('latin1');
  }
}
