/** A reply as a client reads it, and whether it has the form that the standards ask for. */

export interface Reply {
  readonly code: number;
  /** `2.1.0`, or ''. */
  readonly enhanced: string;
  readonly lines: readonly string[];
}

/** The line that a reply is quoted by. */
export const lastLine = ({ lines }: Reply): string => lines.at(-1) ?? '';

/** What is answered: an enhanced status code stands in no greeting and no 354, and may be missing after EHLO. */
export type Context = 'greeting' | 'hello' | 'command' | 'data';

/** Reads a reply (RFC 5321 4.2, 4.5.3.1.5; RFC 2034 3 and 4); a string says what is wrong with its form. */
export function readReply(lines: readonly string[], context: Context): Reply | string {
  const code = Number(lines[0]?.slice(0, 3));
  const formed = lines.every(
    (line, index) =>
      /^[2-5]\d\d[- ][\x20-\x7e]*$/.test(line) &&
      line.length <= 510 &&
      Number(line.slice(0, 3)) === code &&
      (line[3] === ' ') === (index === lines.length - 1),
  );
  if (!formed || lines.length === 0) return `malformed reply ${JSON.stringify(lines)}`;
  const [enhanced = '', ...others] = lines.map(
    (line) => /^\d{3}[- ]([2-5]\.\d{1,3}\.\d{1,3}) /.exec(line)?.[1] ?? '',
  );
  const missing = enhanced === '' && (context === 'command' || (code >= 400 && context !== 'hello'));
  const contradicts =
    enhanced !== '' && (enhanced[0] !== lines[0]?.[0] || (code < 400 && context !== 'command'));
  if (missing || contradicts || others.some((one) => one !== enhanced)) {
    return `wrong enhanced code in ${JSON.stringify(lines)}`;
  }
  return { code, enhanced, lines };
}
