import { describe, expect, it } from '@jest/globals';
import { classify } from './classify.ts';
import { headerFields } from '../../smtp/header-fields.ts';
import { startsAsCalendar } from './is-calendar.ts';

function kindOf(...lines: string[]): string {
  const entity = classify(headerFields(Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1')));
  return entity.kind === 'opaque' ? entity.reason : entity.kind;
}

describe('a part is a calendar', () => {
  it.each([
    'Content-Type: text/calendar; method=REQUEST',
    'CONTENT-TYPE:TEXT/CALENDAR',
    'Content-Type : text/calendar',
    'Content-Type:\r\n\ttext/calendar;\r\n charset=utf-8',
    'Content-Type: (c) text/calendar (x)',
    'Content-Type: text/calendar; charset=a; charset=b',
    'Content-Type: application/ics',
    'Content-Type: text/x-vcalendar',
    'Content-Type: application/calendar+json',
    'Content-Type: application/calendar+xml',
    'Content-Type: text/calendar\r\nContent-Type: multipart/mixed; boundary=b',
    'Content-Type: text/plain\r\nContent-Type: text/calendar',
  ])('by its type: %j', (line) => {
    expect(kindOf(line)).toBe('calendar');
  });

  it.each([
    'Content-Type: application/octet-stream; name="invite.ics"',
    'Content-Type: text/html; name=My Invite.ICS',
    'Content-Disposition: attachment; filename=invite.ical',
    'Content-Disposition: attachment; filename="busy.ifb"',
    'Content-Disposition: attachment; filename="a.icalendar"',
    'Content-Disposition: attachment; filename="a.vcs. . "',
    'Content-Disposition: filename=invite.ics',
    "Content-Disposition: attachment; filename*=utf-8''invite%2Eics",
    "Content-Disposition: attachment; filename*=utf-16le''a%00.%00i%00c%00s%00",
    "Content-Disposition: attachment; filename*0*=utf-8''inv; filename*1=ite.i;\r\n filename*2=cs",
    'Content-Type: application/x; name="=?utf-8?B?aW52aXRlLmljcw==?="',
    'Content-Type: application/x; name="=?utf-8?Q?invite?= =?utf-8?Q?=2Eics?="',
    'Content-Type: application/x; name==?utf-8*en?q?invite=2Eics?=',
    'Content-Type: application/pdf; name=a.pdf; name=b.ics',
    'Content-Type: message/rfc822; name="invite.ics"',
  ])('by its file name: %j', (line) => {
    expect(kindOf(line)).toBe('calendar');
  });

  it.each([
    'Content-Type: text/calendarx',
    'Content-Type: text/plain; x="text/calendar"',
    'Content-Type: text/html; name="docs.icsx.html"',
    'Content-Type: text/html; name="invite.ics.html"',
    'Content-Type: application/pdf; name="ics"',
    'Content-Description: invite.ics',
    'X-Content-Type: text/calendar',
    'Subject: Content-Type: text/calendar',
  ])('and not for %j', (line) => {
    expect(kindOf(line)).toBe('leaf');
  });

  it.each([
    ['7bit', 'begin:vcalendar\r\n', true],
    ['8bit', '\xEF\xBB\xBF\r\n BEGIN:VCALENDAR', true],
    ['base64', 'QkVH\r\nSU46VkNBTEVOREFSDQo=', true],
    ['base64', '77u/QkVHSU46VkNBTEVOREFSDQo=', true],
    ['quoted-printable', 'BEGIN=3AVCAL=\r\nENDAR', true],
    ['7bit', 'See BEGIN:VCALENDAR', false],
    ['base64', 'BEGIN:VCALENDAR', false],
    ['7bit', '', false],
  ])('by its first octets in %s: %j', (encoding, body, expected) => {
    expect(startsAsCalendar(Buffer.from(body, 'latin1'), encoding)).toBe(expected);
  });
});

describe('a part is', () => {
  it.each([
    ['signed', ['Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m']],
    ['encrypted', ['Content-Type: application/x-pkcs7-mime; name="invite.ics"']],
    ['encrypted', ['Content-Type: multipart/encrypted; boundary=b']],
    ['tnef', ['Content-Type: application/ms-tnef; name="winmail.dat"']],
    ['tnef', ['Content-Type: application/octet-stream; name="WINMAIL.DAT"']],
    ['partial-message', ['Content-Type: message/partial; id=a; number=1']],
    ['encoded-message', ['Content-Type: message/rfc822', 'Content-Transfer-Encoding: Base64 (c)']],
    ['boundary', ['Content-Type: multipart/mixed']],
    ['boundary', ['Content-Type: multipart/mixed; boundary=""']],
  ])('out of reach (%s): %j', (reason, lines) => {
    expect(kindOf(...lines)).toBe(reason);
  });

  it('out of reach (boundary) with a boundary that no line can hold, not with one above 70 octets', () => {
    const kinds = [71, 4000, 5000].map((length) =>
      kindOf(`Content-Type: multipart/mixed; boundary=${'b'.repeat(length)}`),
    );
    expect(kinds).toEqual(['multipart', 'multipart', 'boundary']);
  });

  it.each([
    ['multipart', ['Content-Type: multipart/mixed; name=invite.ics; boundary=b']],
    ['multipart', ['Content-Type: multipart/mixed; boundary=b', 'Content-Type: text/calendar']],
    ['multipart', ['Content-Type: text/plain', 'Content-Type: multipart/mixed; boundary=b']],
    ['message', ['Content-Type: message/rfc822', 'Content-Transfer-Encoding: 8bit']],
    ['message', ['Content-Type: message/global']],
    ['message', ['Content-Type: message/rfc822', 'Content-Transfer-Encoding: none']],
  ])('entered (%s): %j', (kind, lines) => {
    expect(kindOf(...lines)).toBe(kind);
  });

  it('a message by default in a digest', () => {
    expect(classify([], true)).toEqual({ kind: 'message' });
    expect(classify([], false)).toEqual({ kind: 'leaf', encoding: '7bit' });
  });
});
