import { decodeCharset } from './decode-charset.ts';

/** RFC 2047 2, with the language of RFC 2231 5; white space between two words belongs to neither (6.2). */
const encodedWord = /=\?([^?*]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=(?:\s+(?==\?))?/gi;

/**
 * Decodes the encoded words in a text, also where RFC 2047 5 forbids them: senders put them into file
 * names, and receivers decode them there.
 */
export function decodeWords(text: string): string {
  return text.replace(encodedWord, (_, charset: string, encoding: string, content: string) =>
    decodeCharset(
      encoding.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : decodeQ(content),
      charset,
    ),
  );
}

/** RFC 2047 4.2. */
function decodeQ(content: string): Buffer {
  return Buffer.from(
    content
      .replaceAll('_', ' ')
      .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}
