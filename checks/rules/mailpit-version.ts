import { parseImage } from '../image.ts';
import { mailpitsOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** Bounded DATA (v1.30.0), bounded lines (v1.30.5); counters that count since v1.30.0. */
const OLDEST = [1, 30, 5] as const;

export const mailpitVersion: Rule = {
  id: 'mailpit-version',
  reason: 'Older versions read a message of any size into memory, and count each mail again every 15 s.',
  remedy: `Use Mailpit v${OLDEST.join('.')} or newer.`,
  reference: 'https://github.com/axllent/mailpit/security/advisories/GHSA-fpxj-m5q8-fphw',
  *check(tree) {
    for (const { container } of mailpitsOf(tree)) {
      const image = container.at('image');
      const numbers = /^v?(\d+)\.(\d+)\.(\d+)$/
        .exec(parseImage(image.text ?? '').tag ?? '')
        ?.slice(1)
        .map(Number);
      if (numbers === undefined) continue;
      const differing = OLDEST.findIndex((oldest, index) => numbers[index] !== oldest);
      if (differing >= 0 && (numbers[differing] ?? 0) < (OLDEST[differing] ?? 0)) {
        yield { at: image, message: `${image.text} is older than v${OLDEST.join('.')}` };
      }
    }
  },
};
