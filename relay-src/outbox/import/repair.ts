/**
 * What smtp2graph did to a message. It wrote Bcc and From into the header of every MIME part, where our rewriting of
 * the top header does not reach: the recipients would read who else was in Bcc.
 */

/** The message with CRLF line ends, without Bcc and From in the headers of its parts. */
export function repair(message: Buffer): Buffer {
  const text = message.toString('latin1').replaceAll(/\r\n|\r|\n/g, '\r\n');
  const boundaries = [
    ...text.matchAll(/\bboundary[ \t]*=[ \t]*(?:"([^"\r\n]{1,70})"|([^\s";]{1,70}))/gi),
  ].map(([, quoted, bare]) => quoted ?? bare ?? '');
  const repaired = boundaries.reduce((whole, boundary) => withoutStrayFields(whole, boundary), text);
  return Buffer.from(repaired, 'latin1');
}

function withoutStrayFields(text: string, boundary: string): string {
  const delimiter = `\r\n--${boundary}`;
  const pieces = text.split(delimiter);
  return pieces
    .map((piece, index) => {
      const end = piece.indexOf('\r\n\r\n');
      // Before the first delimiter is what stands above; `--` behind one ends the last part.
      if (index === 0 || end < 0 || piece.startsWith('--')) return piece;
      return (
        piece.slice(0, end + 2).replaceAll(/(?<=\r\n)(?:bcc|from):.*\r\n(?:[ \t].*\r\n)*/gi, '') +
        piece.slice(end + 2)
      );
    })
    .join(delimiter);
}
