import type { HeaderField } from '../../smtp/header-fields.ts';

/** Stands where a message or multipart would have nothing left to read. */
export const note = 'The calendar part of this message was removed by the mail relay.\r\n';

const noteType = 'Content-Type: text/plain; charset=us-ascii\r\n';

/** A body part with the note, from its delimiter line on. */
export function notePart(delimiter: Buffer): Buffer {
  return Buffer.concat([delimiter, Buffer.from(`\r\n${noteType}\r\n${note}`)]);
}

/** The close-delimiter line of a multipart (RFC 2046 5.1.1). */
export function closeDelimiter(delimiter: Buffer): Buffer {
  return Buffer.concat([delimiter, Buffer.from('--\r\n')]);
}

/**
 * The header of a message that is itself a calendar, made the header of the note, with the note as its
 * body. The fields that describe the old body go; every other octet stays.
 *
 * @param header a header block without its blank line
 * @param fields its fields, in order
 */
export function noteMessage(header: Buffer, fields: readonly HeaderField[]): Buffer {
  const kept: Buffer[] = [];
  let at = 0;
  let typed = false;
  for (const field of fields.filter(describesCalendarBody)) {
    kept.push(header.subarray(at, field.start));
    at = field.end;
    if (field.name === 'content-type' && !typed) {
      kept.push(Buffer.from(noteType));
      typed = true;
    }
  }
  kept.push(header.subarray(at));
  const text = Buffer.concat(kept);
  const ended = text.length === 0 || text.at(-1) === 0x0a;
  return Buffer.concat([text, Buffer.from(`${ended ? '' : '\r\n'}${typed ? '' : noteType}\r\n${note}`)]);
}

function describesCalendarBody({ name, value }: HeaderField): boolean {
  switch (name) {
    case 'content-type':
    case 'content-transfer-encoding':
    case 'content-disposition':
      return true;
    case 'content-class':
      // Exchange and Outlook: urn:content-classes:calendarmessage
      return /calendarmessage/i.test(value);
    default:
      return false;
  }
}
