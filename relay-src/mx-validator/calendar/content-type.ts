import { decodeCharset } from './decode-charset.ts';

/** A Content-Type, Content-Disposition or Content-Transfer-Encoding as a tolerant reader sees it. */
export interface StructuredValue {
  /** What comes before the first parameter, lower case, without white space: `text/calendar`. */
  readonly value: string;
  /**
   * Every value that the field gives for a parameter, by its lower-case name: doubled parameters, and
   * each form of RFC 2231 (`name`, `name*`, `name*0`, `name*0*`) under the plain name.
   */
  readonly parameters: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads a structured field of RFC 2045 5.1 and RFC 2183 with the tolerance that receivers have:
 * comments anywhere, quotes that do not end, values with spaces but without quotes, parameters
 * without a value, a missing first semicolon. Takes time linear in the length, never throws.
 */
export function parseStructured(text: string): StructuredValue {
  const [first = { text: '' }, ...rest] = splitParameters(text);
  const { value, remainder } = splitValue(first.text);
  const segments = remainder === '' ? rest : [{ text: remainder }, ...rest];
  return { value, parameters: collect(segments.flatMap(parameter)) };
}

interface Segment {
  /** Without comments and with the quotes taken off. */
  readonly text: string;
  /** Where the value starts, behind the first `=` outside of quotes. */
  readonly equals?: number;
}

/** Cuts at semicolons outside of quotes and comments, and takes quotes, escapes and comments away. */
function splitParameters(text: string): Segment[] {
  const segments: Segment[] = [];
  let current = '';
  let equals: number | undefined;
  let quoted = false;
  let closed = false;
  let comments = true;
  const finish = (): void => {
    segments.push({ text: current, equals });
    current = '';
    equals = undefined;
    closed = false;
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quoted) {
      if (char === '\\' && at + 1 < text.length) current += text.charAt((at += 1));
      else if (char !== '"') current += char;
      else {
        quoted = false;
        closed = equals !== undefined;
      }
    } else if (char === '"') {
      quoted = true;
    } else if (char === '(' && comments && (equals === undefined || /\s/.test(text.charAt(at - 1)))) {
      // A value may hold a parenthesis, `name=invite(1).ics`, so there a comment follows white space.
      const end = commentEnd(text, at);
      if (end === undefined) {
        // Not closed, so not a comment, and neither is what follows: looking again would be quadratic.
        comments = false;
        current += char;
      } else {
        at = end;
        if (current.length !== equals) current += ' ';
      }
    } else if (char === ';') {
      finish();
    } else if (closed || (current.length === equals && /\s/.test(char))) {
      // Junk behind a quoted value belongs to no value; spaces before a value are padding.
    } else {
      current += char;
      if (char === '=') equals ??= current.length;
    }
  }
  finish();
  return segments;
}

/** The index of the parenthesis that closes the comment at `start`; comments nest (RFC 5322 3.2.2). */
function commentEnd(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '\\') at += 1;
    else if (char === '(') depth += 1;
    else if (char === ')' && (depth -= 1) === 0) return at;
  }
  return undefined;
}

/** `text / calendar charset=x` lacks a semicolon: the value ends where a second word starts. */
function splitValue(text: string): { value: string; remainder: string } {
  const match = /^\s*([^\s/=,]+(?:\s*\/\s*[^\s/=,]+)?)/.exec(text);
  if (match?.[1] === undefined) return { value: '', remainder: '' };
  const remainder = text.slice(match[0].length).trim();
  if (remainder.startsWith('=')) return { value: '', remainder: text };
  return { value: match[1].replace(/\s/g, '').toLowerCase(), remainder };
}

interface Parameter {
  readonly name: string;
  readonly value: string;
  /** RFC 2231 3: the number of a continuation. */
  readonly section?: number;
  /** RFC 2231 4: the value is percent-encoded, and its first section names the charset. */
  readonly extended: boolean;
}

function parameter({ text, equals = text.indexOf('=') + 1 }: Segment): Parameter[] {
  if (equals === 0) return [];
  const match = /^([^*]*)(?:\*(\d{1,6}))?(\*)?$/.exec(text.slice(0, equals - 1).trim());
  if (match?.[1] === undefined) return [];
  const section = match[2] === undefined ? undefined : Number(match[2]);
  const value = text.slice(equals).trimEnd();
  return [{ name: match[1].toLowerCase(), value, section, extended: match[3] !== undefined }];
}

function collect(parameters: readonly Parameter[]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  const add = (name: string, value: string): void => {
    const list = values.get(name);
    if (list) list.push(value);
    else values.set(name, [value]);
  };
  const continued = new Map<string, Parameter[]>();
  for (const one of parameters) {
    const sections = continued.get(one.name);
    if (one.section === undefined) add(one.name, one.extended ? decodeExtended([one]) : one.value);
    else if (sections) sections.push(one);
    else continued.set(one.name, [one]);
  }
  for (const [name, sections] of continued) {
    add(name, decodeExtended(sections.toSorted((a, b) => (a.section ?? 0) - (b.section ?? 0))));
  }
  return values;
}

/** Joins the sections as octets, since a character may be split between two, and then decodes them. */
function decodeExtended(sections: readonly Parameter[]): string {
  let charset = '';
  const octets = sections.map((section, index) => {
    if (!section.extended) return section.value;
    let { value } = section;
    const tagged = index === 0 ? /^([^']*)'[^']*'/.exec(value) : null;
    if (tagged) {
      charset = tagged[1] ?? '';
      value = value.slice(tagged[0].length);
    }
    return value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  });
  return decodeCharset(Buffer.from(octets.join(''), 'latin1'), charset);
}
