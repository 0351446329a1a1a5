/**
 * The one address of a From or Sender field (RFC 5322 3.4, 3.6.2). Strict on purpose: it decides who may send,
 * and two readers that disagree about a header are how such a check is passed by. What is not plainly one
 * address is none.
 */
import { mailboxText, parseMailbox } from './address.ts';

/** `local@domain` with the domain in lower-case A-labels; undefined unless the value is exactly one mailbox. */
export function soleAddress(value: string): string | undefined {
  const tokens = tokenise(Buffer.from(value, 'latin1').toString());
  if (tokens === undefined) return undefined;
  const open = tokens.indexOf('<');
  let parts: string[];
  if (open >= 0) {
    if (
      tokens.at(-1) !== '>' ||
      tokens.indexOf('<', open + 1) >= 0 ||
      tokens.indexOf('>') !== tokens.length - 1
    ) {
      return undefined;
    }
    // A display name holds words only; an `@`, a comma, a colon before `<` makes it something else.
    if (tokens.slice(0, open).some((token) => /^[@,:;]$/.test(token))) return undefined;
    parts = tokens.slice(open + 1, -1);
  } else {
    parts = tokens;
  }
  if (
    parts.some((token) => /^[<>,:; ]$/.test(token)) ||
    parts.filter((token) => token === '@').length !== 1
  ) {
    return undefined;
  }
  const mailbox = parseMailbox(parts.join(''));
  return mailbox === undefined || mailbox.literal ? undefined : mailboxText(mailbox);
}

/**
 * Splits into quoted strings, atoms (dots included), domain literals and specials; comments and white space go.
 * Two words without a special between them are kept apart by a ' ' token.
 */
function tokenise(text: string): string[] | undefined {
  const tokens: string[] = [];
  let i = 0;
  let spaced = false;
  const add = (token: string): void => {
    const word = !/^[<>@,:;]$/.test(token);
    const before = tokens.at(-1);
    // The display name may have spaces; the address itself must not, which the caller sees by this token.
    if (spaced && word && before !== undefined && !/^[<>@,:;]$/.test(before)) tokens.push(' ');
    spaced = false;
    tokens.push(token);
  };
  while (i < text.length) {
    const c = text.charAt(i);
    if (c === ' ' || c === '\t') {
      spaced = true;
      i += 1;
    } else if (c === '(') {
      const end = commentEnd(text, i);
      if (end < 0) return undefined;
      spaced = true;
      i = end;
    } else if (c === '"' || c === '[') {
      const pattern = c === '"' ? /"(?:[^"\\]|\\.)*"/y : /\[[^[\]\\]*\]/y;
      pattern.lastIndex = i;
      const match = pattern.exec(text);
      if (match === null) return undefined;
      add(match[0]);
      i = pattern.lastIndex;
    } else if (/[<>@,:;]/.test(c)) {
      add(c);
      i += 1;
    } else {
      const pattern = /[^\s()<>@,:;"[\]\\]+/y;
      pattern.lastIndex = i;
      const match = pattern.exec(text);
      if (match === null) return undefined;
      add(match[0]);
      i = pattern.lastIndex;
    }
  }
  return tokens;
}

/** Index behind the comment that begins at `start`; they nest (RFC 5322 3.2.2). */
function commentEnd(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i += 1) {
    const c = text.charAt(i);
    if (c === '\\') i += 1;
    else if (c === '(') depth += 1;
    else if (c === ')' && (depth -= 1) === 0) return i + 1;
  }
  return -1;
}
