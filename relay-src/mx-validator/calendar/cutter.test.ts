import { describe, expect, it } from '@jest/globals';
import { CalendarCutter } from './cutter.ts';
import { note } from './note.ts';
import { cutMessage } from './testing.ts';

const notePart = `Content-Type: text/plain; charset=us-ascii\n\n${note}`.replaceAll(/\r?\n/g, '\n');

/** Messages are written here with bare line feeds; they go through with CRLF. */
function cut(message: string): string {
  return cutMessage(crlf(message)).output.toString('latin1').replaceAll('\r\n', '\n');
}

/** A message in which each `{}` is a part, and the same message when that part is cut. */
function expectCut(part: string, message: string): void {
  expect(cut(message.replaceAll('{}', part))).toBe(message.replaceAll('{}', ''));
}

function crlf(text: string): string {
  return text.replaceAll('\n', '\r\n');
}

const mixed = 'Content-Type: multipart/mixed; boundary=b\n\n';
const calendar = 'Content-Type: text/calendar\n\nBEGIN:VCALENDAR\n';

describe('what the published design got wrong stays right', () => {
  it('a message that is a calendar gets the header of the note, not base64 over plain text', () => {
    const root =
      'Subject: x\nContent-Type: text/calendar; method=REQUEST\nContent-Transfer-Encoding: base64\n' +
      'Content-Class: urn:content-classes:calendarmessage\nContent-Disposition: inline\nX-A: 1\n\nQkVHSU4=\n';
    expect(cut(root)).toBe(
      `Subject: x\nContent-Type: text/plain; charset=us-ascii\nX-A: 1\n\n${note.trim()}\n`,
    );
  });

  it('such a header may end the message, and keeps other classes of content', () => {
    const header = 'Content-Class: urn:content-classes:message\n';
    expect(cut(`Content-Type: text/calendar\n${header.trim()}`)).toBe(
      `Content-Type: text/plain; charset=us-ascii\n${header}\n${note.trim()}\n`,
    );
  });

  it('headers keep their order, folds, case, white space and doubles', () => {
    const header =
      'b: 2\nA:1\nB :  2\n\t folded  \nA: 1\nno colon\ncontent-TYPE: multipart/mixed;\n boundary=b\n\n';
    expect(cut(`${header}--b\n\nx\n--b\n${calendar}--b--\n`)).toBe(`${header}--b\n\nx\n--b--\n`);
  });

  it('preamble, epilogue, padding and nested multiparts keep every octet', () => {
    const before = `${mixed}pre\n\n--b \t\nContent-Type: multipart/related; boundary=c\n\n--c\n\nx\n--c--\nepi\n\n`;
    expect(cut(`${before}--b\n${calendar}--b--  \nepilogue`)).toBe(`${before}--b--  \nepilogue`);
  });

  it('boundaries that differ late, and dashes in the middle of lines, are told apart', () => {
    const [outer, inner] = [`${'-'.repeat(200)}a`, `${'-'.repeat(200)}b`];
    const before = `--${outer}\nContent-Type: multipart/mixed; boundary="${inner}"\n\n--${inner}\n\nx --${outer}\n`;
    const text = `${'-'.repeat(150)}\nx${'-'.repeat(300)}\n--${outer}c\n`;
    expectCut(
      `--${inner}\n${calendar}`,
      `Content-Type: multipart/mixed; boundary="${outer}"\n\n${before}${text}{}--${inner}--\n--${outer}--\n`,
    );
  });

  it('other parts are never decoded: a quoted-printable dot, 8-bit octets and long lines stay', () => {
    const part = `--b\nContent-Transfer-Encoding: quoted-printable\n\n=2E\n\xE4${'x'.repeat(5000)}=\n.\n`;
    expect(cut(`${mixed}${part}--b\n${calendar}--b--\n`)).toBe(`${mixed}${part}--b--\n`);
  });

  it('an invitation inside of a forwarded message is found', () => {
    const inner = 'Subject: x\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n{}--c--\n';
    expectCut(`--c\n${calendar}`, `${mixed}--b\nContent-Type: message/rfc822\n\n${inner}--b--\n`);
  });

  it('a broken Content-Type is no way around', () => {
    const broken = '--b\nContent-Type: text/calendar; charset=a; charset=b; ="\n\nBEGIN\n';
    expect(cut(`${mixed}--b\n\nx\n${broken}--b--\n`)).toBe(`${mixed}--b\n\nx\n--b--\n`);
  });

  it('mail that cannot be taken apart passes unchanged, and is counted', () => {
    const message = `Content-Type: multipart/mixed\n\n--b\n${calendar}--b--\n`;
    expect(cut(message)).toBe(message);
    expect(cutMessage(message).report).toMatchObject({ cut: 0, skipped: { boundary: 1 } });
  });
});

describe('a multipart', () => {
  it('that loses all its parts gets the note, also before an outer delimiter or the end', () => {
    const inner = '--b\nContent-Type: multipart/alternative; boundary=c\n\n';
    expect(cut(`${mixed}${inner}--c\n${calendar}--c--\n--b--\n`)).toBe(
      `${mixed}${inner}--c\n${notePart}--c--\n--b--\n`,
    );
    expect(cut(`${mixed}${inner}--c\n${calendar}--b--\n`)).toBe(`${mixed}${inner}--c\n${notePart}--b--\n`);
    expect(cut(`${mixed}${inner}--c\n${calendar}`)).toBe(`${mixed}${inner}--c\n${notePart}--c--\n`);
  });

  it('whose last part is cut at the end of the message is closed, so that the part before gains no line', () => {
    expect(cut(`${mixed}--b\n\nx\n--b\n${calendar}`)).toBe(`${mixed}--b\n\nx\n--b--\n`);
    expect(cut(`${mixed}--b\n\nx\n--b\nContent-Type: text/calendar`)).toBe(`${mixed}--b\n\nx\n--b--\n`);
  });

  it('may have parts that are all header, and empty ones', () => {
    expect(cut(`${mixed}--b\nContent-Type: text/calendar\n--b\n\n--b\n--b--`)).toBe(
      `${mixed}--b\n\n--b\n--b--`,
    );
  });

  it('of messages without a type, a digest, is entered', () => {
    const digest = 'Content-Type: multipart/digest; boundary=b\n\n--b\n\n';
    expect(cut(`${digest}${calendar}--b--\n`)).toBe(`${digest}${notePart}--b--\n`);
  });

  it('is ended by an outer delimiter, behind which its own means nothing', () => {
    const message = `${mixed}--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--b\n\n--c\n${calendar}--b--\n`;
    expect(cut(message)).toBe(message);
  });
});

describe('delimiters', () => {
  const outer =
    'Content-Type: multipart/mixed; boundary="a"\n\n--a\nContent-Type: multipart/mixed; boundary=';

  it('with the longest boundary win, if one is the prefix of another', () => {
    expectCut(`--a--\n${calendar}`, `${outer}"a--"\n\n--a--\n\nx\n{}--a----\n--a--\n`);
    expectCut(`--a b\n${calendar}`, `${outer}"a b"\n\n--a b\n\nx\n{}--a b--\n--a--\n`);
  });

  it('of two multiparts with one boundary belong to the inner one', () => {
    expectCut(`--a\n${calendar}`, `${outer}a\n\n--a\n\nx\n{}--a--\n{}--a--\n`);
  });

  it('are case-sensitive, whole lines at the start of a line', () => {
    const body = '--B\n -- b\n --b\n--b-\n--bc\n--b c\n--b--c\n---b\nx--b\n';
    expectCut(`--b\n${calendar}${body}`, `${mixed}--b\n\n${body}{}--b--\n`);
  });

  it('may have any length that receivers accept', () => {
    for (const boundary of ['x', 'x'.repeat(71), 'x'.repeat(998), ' leading space']) {
      const type = `Content-Type: multipart/mixed; boundary="${boundary}"\n\n`;
      expectCut(`--${boundary}\n${calendar}`, `${type}--${boundary}\n\nx\n{}--${boundary}--\n`);
    }
  });

  it('are found among mixed line ends, which all stay', () => {
    const before = 'Content-Type: multipart/mixed;\n boundary=b\r\n\n--b\n\r\nx\n\r\n';
    const part = '--b\r\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\r\n\n';
    for (const one of [part, part.replaceAll('\r', '')]) {
      const { output } = cutMessage(`${before}${one}--b--\nend`);
      expect(output.toString()).toBe(`${before}--b--\nend`);
    }
  });
});

const late = `--b\n${calendar}--b--\n`;

/** Multiparts inside each other, with a calendar in the outermost before the next one starts. */
function nested(depth: number): string {
  const inner = Array.from(
    { length: depth - 1 },
    (_, index) => `Content-Type: multipart/mixed; boundary=b${index}\n\n--b${index}\n`,
  );
  return `${mixed}--b\n${calendar}--b\n${inner.join('')}\nx\n${late}`;
}

function manyParts(count: number): string {
  return `${mixed}${'--b\n\nx\n'.repeat(count)}${late}`;
}

function longHeader(size: number): string {
  return `${mixed}--b\nX: ${'x'.repeat(size - 5)}\n\n${late}`;
}

function longDelimiter(size: number): string {
  return `${mixed}--b${' '.repeat(size - 4)}\n\nx\n${late}`;
}

describe('past a limit the rest is copied uncut and counted', () => {
  it('depth', () => {
    expect(cutMessage(nested(50)).report).toMatchObject({ cut: 2, skipped: { depth: 0 } });
    expect(cutMessage(nested(51)).report).toMatchObject({ cut: 1, skipped: { depth: 1 } });
    expect(cut(nested(1000))).toBe(nested(1000).replace(`--b\n${calendar}`, ''));
    const forwards = 'Content-Type: message/rfc822\n\n'.repeat(1000);
    expect(cutMessage(forwards + calendar).report).toMatchObject({ cut: 0, skipped: { depth: 1 } });
  });

  it('depth, by a part that is all header', () => {
    const message = `${mixed}--b\nContent-Type: message/rfc822\n${late}`;
    expect(cutMessage(message, [], { depth: 2 }).report).toMatchObject({ cut: 1, skipped: { depth: 0 } });
    const { output, report } = cutMessage(message, [], { depth: 1 });
    expect(output.toString()).toBe(message);
    expect(report).toMatchObject({ cut: 0, skipped: { depth: 1 } });
  });

  it('parts', () => {
    expect(cutMessage(manyParts(999)).report).toMatchObject({ cut: 1, skipped: { parts: 0 } });
    expect(cutMessage(manyParts(1000)).report).toMatchObject({ cut: 0, skipped: { parts: 1 } });
    expect(cut(manyParts(100_000))).toBe(manyParts(100_000));
  });

  it('header size', () => {
    expect(cutMessage(longHeader(64 * 1024)).report).toMatchObject({ cut: 1, skipped: { 'header-size': 0 } });
    expect(cutMessage(longHeader(64 * 1024 + 1)).report).toMatchObject({
      cut: 0,
      skipped: { 'header-size': 1 },
    });
    expect(cut(longHeader(1e6))).toBe(longHeader(1e6));
  });

  it('delimiter line', () => {
    expect(cutMessage(longDelimiter(4096)).report).toMatchObject({ cut: 1, skipped: { 'header-size': 0 } });
    expect(cutMessage(longDelimiter(4097)).report).toMatchObject({ cut: 0, skipped: { 'header-size': 1 } });
    expect(cutMessage(longDelimiter(4097), [70, 4000]).report).toMatchObject({
      cut: 0,
      skipped: { 'header-size': 1 },
    });
  });
});

describe('the report', () => {
  it('says that a DKIM signature was there to break', () => {
    expect(cutMessage(crlf(`DKIM-Signature: v=1\n${calendar}`)).report).toMatchObject({
      cut: 1,
      dkimSigned: true,
    });
    const forwarded = `Content-Type: message/rfc822\n\nDKIM-Signature: v=1\n${calendar}`;
    expect(cutMessage(forwarded).report).toMatchObject({ cut: 1, dkimSigned: false });
  });

  it('counts calendars under a signature, at any depth, and leaves them', () => {
    const message =
      'Content-Type: multipart/signed; boundary=s\n\n--s\nContent-Type: message/rfc822\n\n' +
      `${mixed}--b\n${calendar}--b\nContent-Type: x/y\n\nBEGIN:VCALENDAR\n--b--\n--s--\n`;
    expect(cut(message)).toBe(message);
    expect(cutMessage(message).report).toMatchObject({ cut: 0, skipped: { signed: 2 } });
  });
});

describe('memory', () => {
  it('holds back nothing of a body, and forwards it without a copy', () => {
    const cutter = new CalendarCutter();
    cutter.write(Buffer.from(`${mixed}--b\nContent-Type: x/y\n\n${'x'.repeat(300)}\n`));
    const chunk = Buffer.from(`${'-'.repeat(500)}\n`.repeat(1000));
    for (let index = 0; index < 3; index += 1) {
      const ranges = cutter.write(chunk);
      expect(ranges).toHaveLength(1);
      expect(ranges[0]?.buffer).toBe(chunk.buffer);
      expect(ranges[0]).toHaveLength(chunk.length);
    }
  });
});
