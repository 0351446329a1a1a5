import type { StructuredValue } from './content-type.ts';
import { decodeWords } from './encoded-words.ts';

/** Lower case, without parameters. */
const calendarTypes: ReadonlySet<string> = new Set([
  'text/calendar', // RFC 5545 8.1
  'text/x-vcalendar', // vCalendar 1.0, before the registration
  'application/ics',
  'application/calendar+json', // RFC 7265
  'application/calendar+xml', // RFC 6321
]);

/** .ifb holds free/busy times (RFC 5545 8.1), .vcs is vCalendar 1.0. */
const calendarSuffixes = ['.ics', '.ical', '.ifb', '.icalendar', '.vcs'];

/** Octets of a body that `startsAsCalendar` wants to see at most. */
export const sniffBytes = 256;

export function isCalendarType(type: string): boolean {
  return calendarTypes.has(type);
}

/**
 * The file names that a Content-Type and a Content-Disposition give, in any of the ways that they are
 * written: `name` and `filename`, RFC 2231, RFC 2047 words (as they are, and decoded).
 */
export function fileNames(values: readonly StructuredValue[]): string[] {
  return values
    .flatMap(({ parameters }) => [...(parameters.get('filename') ?? []), ...(parameters.get('name') ?? [])])
    .flatMap((name) => (name.includes('=?') ? [name, decodeWords(name)] : [name]));
}

/**
 * Whether the first octets of a body, as they are in the message, are those of an iCalendar or vCalendar
 * object. Catches calendars that are sent under another type and name.
 */
export function startsAsCalendar(body: Buffer, encoding: string): boolean {
  const text = decodeStart(body, encoding).toString('latin1');
  return /^(?:\xEF\xBB\xBF)?\s*BEGIN:VCALENDAR/i.test(text);
}

/** Windows drops dots and spaces at the end of a name, so `invite.ics. ` opens as a calendar too. */
export function isCalendarFile(name: string): boolean {
  let end = name.length;
  while (end > 0 && /[\s.]/.test(name.charAt(end - 1))) end -= 1;
  const suffix = name.slice(0, end).slice(-10).toLowerCase();
  return calendarSuffixes.some((one) => suffix.endsWith(one));
}

function decodeStart(body: Buffer, encoding: string): Buffer {
  switch (encoding) {
    case 'base64':
      return Buffer.from(body.toString('latin1'), 'base64'); // passes over line ends
    case 'quoted-printable':
      return Buffer.from(
        body
          .toString('latin1')
          .replace(/=[ \t]*\r?\n/g, '')
          .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
        'latin1',
      );
    default:
      return body;
  }
}
