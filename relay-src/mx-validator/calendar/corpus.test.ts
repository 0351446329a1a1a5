import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import PostalMime from 'postal-mime';
import { cutMessage, everyOffset } from './testing.ts';

/**
 * `corpus/` holds mails in the structure that each program gives them. Beside `name.eml` is
 * `name.cut.eml`, what must come out; a mail without one must come out as it is.
 */
const corpus = new URL('corpus/', import.meta.url);
const mails = readdirSync(corpus)
  .filter((file) => file.endsWith('.eml') && !file.endsWith('.cut.eml'))
  .map((file) => {
    const input = readFileSync(new URL(file, corpus));
    const cut = new URL(file.replace('.eml', '.cut.eml'), corpus);
    return { name: file, input, expected: existsSync(cut) ? readFileSync(cut) : input };
  });

const reports: Record<string, { cut: number; skipped: Record<string, number> }> = {
  'apple-icloud-invite.eml': { cut: 1, skipped: {} },
  'booking-plugin-only-calendar.eml': { cut: 1, skipped: {} },
  'calcom-nodemailer.eml': { cut: 2, skipped: {} },
  'disguised-names.eml': { cut: 12, skipped: {} },
  'exchange-graph-attachments.eml': { cut: 2, skipped: {} },
  'exchange-reply-root-calendar.eml': { cut: 1, skipped: {} },
  'google-invite.eml': { cut: 2, skipped: {} },
  'nested-forward.eml': { cut: 2, skipped: {} },
  'newsletter-no-calendar.eml': { cut: 0, skipped: {} },
  'opaque-containers.eml': { cut: 0, skipped: { encrypted: 2, tnef: 1, 'encoded-message': 1 } },
  'outlook-request.eml': { cut: 1, skipped: {} },
  'smime-signed.eml': { cut: 0, skipped: { signed: 1 } },
};

describe.each(mails)('$name', ({ name, input, expected }) => {
  it('loses its calendar parts and nothing else', () => {
    const { output, report } = cutMessage(input);
    expect(output.toString('latin1')).toBe(expected.toString('latin1'));
    const skipped = Object.fromEntries(Object.entries(report.skipped).filter(([, count]) => count > 0));
    expect({ cut: report.cut, skipped }).toEqual(reports[name]);
  });

  it('comes out the same wherever it is split', () => {
    const wrong: number[] = [];
    for (const split of everyOffset(input)) {
      if (!cutMessage(input, [split]).output.equals(expected)) wrong.push(split);
    }
    expect(wrong).toEqual([]);
    expect(cutMessage(input, everyOffset(input)).output.equals(expected)).toBe(true);
  });

  it('has nothing left to cut, by another parser too', async () => {
    expect(cutMessage(expected).output.equals(expected)).toBe(true);
    if (Object.keys(reports[name]?.skipped ?? {}).length > 0) return; // left alone, so still there
    const { attachments } = await PostalMime.parse(expected);
    expect(attachments.filter(({ mimeType }) => /calendar|application\/ics/.test(mimeType))).toEqual([]);
    expect(attachments.filter(({ filename }) => /\.(ics|vcs|ifb)\W*$/i.test(filename ?? ''))).toEqual([]);
  });
});
