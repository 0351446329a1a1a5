/** One field of a header block. */
export interface HeaderField {
  /** Lower case. */
  readonly name: string;
  /** One character an octet (latin1), unfolded, without its line end. */
  readonly value: string;
  /** Octets of the block from the name to behind the last line end. */
  readonly start: number;
  readonly end: number;
}

/**
 * Up to the colon. RFC 5322 4.5 allows white space before it in old messages; some receivers pass over
 * white space in front of the first name.
 */
const fieldName = /^[ \t]*([!-9;-~]+)[ \t]*:/;

/** RFC 5322 2.2.3. */
const fold = /\r?\n(?=[ \t])/g;

/**
 * The fields of a header block. Lines that belong to no field (no colon, a fold without a field, the
 * mbox line `From `, the blank line) are passed over, since receivers differ on whether they end it.
 */
export function headerFields(block: Buffer): HeaderField[] {
  const text = block.toString('latin1');
  const fields: HeaderField[] = [];
  let at = 0;
  while (at < text.length) {
    const start = at;
    do at = lineEnd(text, at);
    while (text[at] === ' ' || text[at] === '\t');
    const raw = text.slice(start, at);
    const match = fieldName.exec(raw);
    if (match?.[1] === undefined) continue;
    const value = raw.slice(match[0].length).replace(fold, '').trim();
    fields.push({ name: match[1].toLowerCase(), value, start, end: at });
  }
  return fields;
}

/** The values of every field of this name, in order. */
export function fieldValues(fields: readonly HeaderField[], name: string): string[] {
  return fields.filter((field) => field.name === name).map((field) => field.value);
}

function lineEnd(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline + 1;
}
