import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import PostalMime from 'postal-mime';
import { note } from './note.ts';
import { cutMessage, everyOffset } from './testing.ts';

/** `FUZZ_SCALE=100` looks a hundred times longer for a counterexample. */
const scale = Number(process.env['FUZZ_SCALE'] ?? 1);

/**
 * Messages are generated as trees and written twice: as they are, and without what the rules take out of
 * the tree. The cutter, which knows no tree, has to turn the one text into the other.
 */
type Tree =
  | { readonly kind: 'leaf'; readonly header: string; readonly body: string }
  | { readonly kind: 'calendar'; readonly header: string; readonly body: string }
  | { readonly kind: 'note' }
  | { readonly kind: 'message'; readonly root: Tree }
  | {
      readonly kind: 'multipart';
      readonly subtype: string;
      readonly boundary: string;
      readonly preamble: string;
      readonly children: readonly Tree[];
      /** `undefined`: the close-delimiter is missing. */
      readonly epilogue: string | undefined;
    };

const text = fc
  .array(
    fc.constantFrom(
      '',
      '-',
      '--',
      '--x',
      '--x1 y',
      '--x--',
      ' --x',
      'Content-Type: text/calendar',
      '\xE4',
      '.',
      'Q=',
    ),
    { maxLength: 8 },
  )
  // `x` alone is no boundary of the trees below, so nothing here is a delimiter line.
  .map((lines) => `t${lines.join('\r\n')}`);

const leaf: fc.Arbitrary<Tree> = fc.record({
  kind: fc.constant('leaf' as const),
  header: fc.constantFrom(
    'Content-Type: text/plain\r\n',
    'Content-Type: application/x; name=a.icsx\r\n',
    'X: y\r\n',
  ),
  body: text,
});

const calendar: fc.Arbitrary<Tree> = fc.oneof(
  fc.record({
    kind: fc.constant('calendar' as const),
    header: fc.constantFrom(
      'Content-Type: text/calendar; method=REQUEST\r\n',
      'Content-Transfer-Encoding: base64\r\nContent-Type: application/ics\r\n',
      'Content-Disposition: attachment;\r\n filename="invite.ics"\r\n',
    ),
    body: text,
  }),
  fc.record({
    kind: fc.constant('calendar' as const),
    header: fc.constant('Content-Type: application/octet-stream\r\n'),
    body: text.map((rest) => `BEGIN:VCALENDAR\r\n${rest}`),
  }),
);

const { root: tree } = fc.letrec<{ root: Tree; part: Tree }>((tie) => ({
  part: fc.oneof({ depthSize: 'small' }, leaf, calendar, tie('root'), messageOf(tie('root'))),
  root: fc.oneof({ depthSize: 'small' }, multipartOf(tie('part')), leaf, calendar),
}));

function messageOf(root: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  return fc.record({ kind: fc.constant('message' as const), root });
}

function multipartOf(part: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  return fc.record({
    kind: fc.constant('multipart' as const),
    subtype: fc.constantFrom('mixed', 'alternative', 'related', 'signed'),
    boundary: fc.constant(''),
    preamble: text.map((one) => `${one}\r\n`),
    children: fc.array(part, { minLength: 1, maxLength: 4 }),
    epilogue: fc.option(
      text.map((one) => `\r\n${one}`),
      { nil: undefined },
    ),
  });
}

/** A message: each boundary is its own, and a prefix of the next; the outermost multipart is closed. */
const message = tree.map((root) => {
  let count = 0;
  const number = (node: Tree): Tree => {
    if (node.kind === 'message') return { ...node, root: number(node.root) };
    if (node.kind !== 'multipart') return node;
    const boundary = `x${'1'.repeat((count += 1))}`;
    return { ...node, boundary, children: node.children.map(number) };
  };
  const numbered = number(root);
  return numbered.kind === 'multipart' ? { ...numbered, epilogue: numbered.epilogue ?? '' } : numbered;
});

const messageHeader = 'Subject: x\r\nMIME-Version: 1.0\r\n';

/** Header and body; the line end behind belongs to the next delimiter. */
function write(node: Tree): string {
  if (node.kind === 'multipart') {
    const parts = node.children.map((child) => `--${node.boundary}\r\n${write(child)}`).join('\r\n');
    const end = node.epilogue === undefined ? '' : `\r\n--${node.boundary}--${node.epilogue}`;
    const type = `Content-Type: multipart/${node.subtype}; boundary="${node.boundary}"\r\n`;
    return `${type}\r\n${node.preamble}${parts}${end}`;
  }
  if (node.kind === 'message')
    return `Content-Type: message/rfc822\r\n\r\n${messageHeader}${write(node.root)}`;
  if (node.kind === 'note') return `Content-Type: text/plain; charset=us-ascii\r\n\r\n${note.trimEnd()}`;
  return `${node.header}\r\n${node.body}`;
}

function writeMessage(root: Tree): Buffer {
  return Buffer.from(`${messageHeader}${write(root)}\r\n`, 'latin1');
}

/** The rules: calendars go, except under a signature; what would be empty gets the note. */
function withoutCalendars(node: Tree): Tree {
  if (node.kind === 'calendar') return { kind: 'note' };
  if (node.kind === 'message') return { ...node, root: withoutCalendars(node.root) };
  if (node.kind !== 'multipart' || node.subtype === 'signed') return node;
  const children = node.children.filter((child) => child.kind !== 'calendar').map(withoutCalendars);
  return { ...node, children: children.length > 0 ? children : [{ kind: 'note' }] };
}

function countCalendars(node: Tree, signed: boolean, inside = false): number {
  if (node.kind === 'calendar') return inside === signed ? 1 : 0;
  if (node.kind === 'message') return countCalendars(node.root, signed, inside);
  if (node.kind !== 'multipart') return 0;
  const below = inside || node.subtype === 'signed';
  return node.children.reduce((sum, child) => sum + countCalendars(child, signed, below), 0);
}

function splitsOf(bytes: Buffer, fractions: readonly number[]): number[] {
  return fractions.map((fraction) => Math.floor(fraction * bytes.length)).toSorted((a, b) => a - b);
}

const fractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 10 });

/** Content-ID and decoded content of every attachment, by the other parser. */
async function attachmentsOf(bytes: Buffer): Promise<[string, unknown][]> {
  const { attachments } = await PostalMime.parse(bytes, { attachmentEncoding: 'base64' });
  return attachments.map(({ contentId = '', content }) => [contentId, content]);
}

describe('a message that is generated as a tree', () => {
  it('loses exactly its calendar parts, in whatever chunks it comes', () => {
    fc.assert(
      fc.property(message, fractions, (root, where) => {
        const input = writeMessage(root);
        const expected = writeMessage(withoutCalendars(root)).toString('latin1');
        const { output, report } = cutMessage(input, splitsOf(input, where));
        expect(output.toString('latin1')).toBe(expected);
        expect(report.cut).toBe(countCalendars(root, false));
        expect(report.skipped.signed).toBe(countCalendars(root, true));
        expect(cutMessage(output).output.toString('latin1')).toBe(expected);
      }),
      { numRuns: 400 * scale },
    );
  });

  it(
    'keeps every other part as another parser reads it',
    async () => {
      // Every part is told apart by a Content-ID; those of calendars that have to go are named so.
      const identified = message.map((root) => {
        let count = 0;
        const name = (node: Tree, signed: boolean): Tree => {
          if (node.kind === 'message') return { ...node, root: name(node.root, signed) };
          if (node.kind === 'multipart') {
            const below = signed || node.subtype === 'signed';
            return { ...node, children: node.children.map((child) => name(child, below)) };
          }
          if (node.kind === 'note') return node;
          const id = `<${node.kind === 'calendar' && !signed ? 'cut' : 'kept'}-${(count += 1)}>`;
          const disposition = node.header.includes('Disposition')
            ? ''
            : 'Content-Disposition: attachment\r\n';
          return { ...node, header: `${node.header}Content-ID: ${id}\r\n${disposition}` };
        };
        return name(root, false);
      });
      await fc.assert(
        fc.asyncProperty(identified, async (root) => {
          const input = writeMessage(root);
          const kept = (await attachmentsOf(input)).filter(([id]) => id.startsWith('<kept'));
          const after = (await attachmentsOf(cutMessage(input).output)).filter(
            ([id]) => !id.startsWith('<cut'),
          );
          expect(after).toEqual(kept);
        }),
        { numRuns: 150 * scale },
      );
    },
    10_000 * scale,
  );
});

describe('any octets at all', () => {
  const tokens = [
    ['\r\n', '\n', '\r\n\r\n', ' ', '\t', '-', '\r', ':', 'text', 'BEGIN:VCALENDAR'],
    ['--a', '--a--', '--ab', '--ab--', '\r\n--a\r\n', '\r\n--ab\r\n'],
    [
      'Content-Type: multipart/mixed; boundary=a\r\n',
      'Content-Type: multipart/digest;\r\n',
      ' boundary="ab "\r\n',
    ],
    ['Content-Type: multipart/signed; boundary="ab"\r\n', 'Content-Type: message/rfc822\r\n'],
    ['Content-Type: text/calendar\r\n', 'Content-Disposition: x; filename=i.ics\r\n'],
  ].flat();
  const soup = fc
    .array(fc.constantFrom(...tokens), { maxLength: 30 })
    .map((chosen) =>
      Buffer.from(`Content-Type: multipart/mixed; boundary=a\r\n${chosen.join('')}`, 'latin1'),
    );

  it('come out the same in any chunks, and unchanged if nothing is cut', () => {
    fc.assert(
      fc.property(soup, fractions, (input, where) => {
        const whole = cutMessage(input);
        expect(cutMessage(input, everyOffset(input))).toEqual(whole);
        expect(cutMessage(input, splitsOf(input, where))).toEqual(whole);
        if (whole.report.cut === 0) expect(whole.output.equals(input)).toBe(true);
      }),
      { numRuns: 500 * scale },
    );
  });

  it('have nothing left to cut the second time, unless two multiparts have one boundary', () => {
    fc.assert(
      fc.property(soup, (input) => {
        const declared = input.toString('latin1').match(/boundary="?\w+/g) ?? [];
        const names = declared.map((one) => one.replace(/boundary="?/, ''));
        fc.pre(new Set(names).size === names.length);
        const once = cutMessage(input).output;
        const twice = cutMessage(once);
        expect(twice.report.cut).toBe(0);
        expect(twice.output.equals(once)).toBe(true);
      }),
      { numRuns: 500 * scale },
    );
  });
});
