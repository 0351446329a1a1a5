/**
 * The addresses of From, To, Cc and their like (RFC 5322 3.4), with where they stand. Two readers that disagree
 * about a header decide differently who gets a mail, so what is not plainly a list is none; only an unquoted `@` in
 * a display name is forgiven, and marked.
 */
import { mailboxText, parseMailbox } from './address.ts';

/** Offsets in the text that was read. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** `Name <local@domain>` or `local@domain`; comments behind it are not part of the range. */
export interface ListedMailbox extends Range {
  readonly kind: 'mailbox';
  /** `local@domain`, the domain in lower-case A-labels. */
  readonly address: string;
  readonly literal: boolean;
  /** The words before `<`, as they stand. */
  readonly phrase: Range;
  /** What stands between the angle brackets, or the whole of it. */
  readonly spec: Range;
  /** The display name holds an `@` that is not quoted: another reader may see two addresses. */
  readonly ambiguous: boolean;
  /** It has a comment that is more than words. */
  readonly oddComment: boolean;
}

/** `Name: member, member;` */
export interface ListedGroup extends Range {
  readonly kind: 'group';
  readonly phrase: Range;
  readonly members: readonly ListedMailbox[];
}

export type ListedEntry = ListedMailbox | ListedGroup;

export interface AddressList {
  readonly entries: readonly ListedEntry[];
  /** False if anything between or in the entries may be read otherwise elsewhere. */
  readonly strict: boolean;
}

interface Token extends Range {
  /** A special character, or `word`, or `literal` for `[…]`. */
  readonly kind: string;
}

/** Reads a value, folded or not, one character an octet (latin1); undefined if it is no list. */
export function parseAddressList(text: string): AddressList | undefined {
  const oddComments: Range[] = [];
  const tokens = tokenise(text, oddComments);
  if (tokens === undefined) return undefined;
  const entries = new ListParser(text, tokens, oddComments).list();
  if (entries === undefined) return undefined;
  const mailboxes = entries.flatMap((entry) => (entry.kind === 'group' ? entry.members : [entry]));
  return { entries, strict: oddComments.length === 0 && !mailboxes.some(({ ambiguous }) => ambiguous) };
}

class ListParser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #oddComments: readonly Range[];
  /** The first odd comment that is not before the place reached. */
  #odd = 0;
  #at = 0;

  constructor(text: string, tokens: readonly Token[], oddComments: readonly Range[]) {
    this.#text = text;
    this.#tokens = tokens;
    this.#oddComments = oddComments;
  }

  list(): ListedEntry[] | undefined {
    const entries: ListedEntry[] = [];
    for (;;) {
      while (this.#kind() === ',') this.#at += 1; // RFC 5322 4.4: old lists have empty places
      if (this.#at === this.#tokens.length) return entries;
      const entry = this.#isGroup() ? this.#group() : this.#mailbox();
      if (entry === undefined) return undefined;
      entries.push(entry);
      if (this.#at < this.#tokens.length && this.#kind() !== ',') return undefined;
    }
  }

  #kind(): string | undefined {
    return this.#tokens[this.#at]?.kind;
  }

  #isGroup(): boolean {
    let end = this.#at;
    while (this.#tokens[end]?.kind === 'word') end += 1;
    return end > this.#at && this.#tokens[end]?.kind === ':';
  }

  #group(): ListedGroup | undefined {
    const first = this.#at;
    while (this.#kind() === 'word') this.#at += 1;
    const phrase = this.#range(first, this.#at - 1);
    this.#at += 1; // the colon
    const members: ListedMailbox[] = [];
    for (;;) {
      while (this.#kind() === ',') this.#at += 1;
      if (this.#kind() === ';') break;
      const member = this.#mailbox();
      if (member === undefined || (this.#kind() !== ',' && this.#kind() !== ';')) return undefined;
      members.push(member);
    }
    this.#at += 1;
    return { kind: 'group', phrase, members, ...this.#range(first, this.#at - 1) };
  }

  #mailbox(): ListedMailbox | undefined {
    const first = this.#at;
    while (!/^[,;]$/.test(this.#kind() ?? ',')) this.#at += 1;
    const tokens = this.#tokens.slice(first, this.#at);
    const open = tokens.findIndex(({ kind }) => kind === '<');
    const bare = open < 0;
    if (!bare && tokens.at(-1)?.kind !== '>') return undefined;
    const phrase = bare ? [] : tokens.slice(0, open);
    if (phrase.some(({ kind }) => kind !== 'word' && kind !== '@')) return undefined;
    const spec = this.#spec(bare ? tokens : tokens.slice(open + 1, -1));
    if (spec === undefined) return undefined;
    const all = this.#range(first, this.#at - 1);
    return {
      kind: 'mailbox',
      ...spec,
      phrase: bare ? { start: all.start, end: all.start } : this.#range(first, first + open - 1),
      ambiguous: phrase.some(({ kind }) => kind === '@'),
      oddComment: this.#hasOddComment(all),
      ...all,
    };
  }

  #spec(tokens: readonly Token[]): Pick<ListedMailbox, 'address' | 'literal' | 'spec'> | undefined {
    const [first, last] = [tokens[0], tokens.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const isWhole = tokens.every(
      ({ kind, start }, index) =>
        /^(word|literal|@)$/.test(kind) &&
        // Two words with something between them are not one.
        (kind === '@' || tokens[index - 1]?.kind !== 'word' || tokens[index - 1]?.end === start),
    );
    if (!isWhole || tokens.filter(({ kind }) => kind === '@').length !== 1) return undefined;
    const written = tokens.map(({ start, end }) => this.#text.slice(start, end)).join('');
    const mailbox = parseMailbox(Buffer.from(written, 'latin1').toString());
    if (mailbox === undefined) return undefined;
    const spec = { start: first.start, end: last.end };
    return { address: mailboxText(mailbox), literal: mailbox.literal, spec };
  }

  /** Asked in the order of the entries. */
  #hasOddComment({ end, start }: Range): boolean {
    while ((this.#oddComments[this.#odd]?.start ?? Infinity) < start) this.#odd += 1;
    return (this.#oddComments[this.#odd]?.start ?? Infinity) < end;
  }

  #range(first: number, last: number): Range {
    const start = this.#tokens[first]?.start ?? 0;
    return { start, end: Math.max(start, this.#tokens[last]?.end ?? 0) };
  }
}

/** A comment in which every reader sees the same. */
const plainComment = /^\([^()\\<>@,:;"]*\)$/;

/** Splits into words (quoted strings; atoms, dots included), domain literals and specials. Comments go. */
function tokenise(text: string, oddComments: Range[]): Token[] | undefined {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const c = text.charAt(at);
    if (/[ \t\r\n]/.test(c)) {
      at += 1;
      continue;
    }
    if (c === '(') {
      const end = commentEnd(text, at);
      if (end < 0) return undefined;
      if (!plainComment.test(text.slice(at, end))) oddComments.push({ start: at, end });
      at = end;
      continue;
    }
    const start = at;
    const kind = /[<>@,:;]/.test(c) ? c : c === '[' ? 'literal' : 'word';
    at = kind === c ? at + 1 : wordEnd(text, at);
    if (at < 0) return undefined;
    tokens.push({ kind, start, end: at });
  }
  return tokens;
}

/** Index behind the quoted string, domain literal or atom that begins at `start`; -1 if it is none. */
function wordEnd(text: string, start: number): number {
  const c = text.charAt(start);
  // eslint-disable-next-line no-control-regex
  const atom = /[^\x00-\x20\x7f()<>@,:;"[\]\\]+/y;
  const pattern = c === '"' ? /"(?:[^"\\]|\\[^\r\n])*"/y : c === '[' ? /\[[^[\]\\]*\]/y : atom;
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : -1;
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
