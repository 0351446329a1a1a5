import type { Rule } from '../rule.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Seconds of a duration as Flux writes it: `1h`, `1m30s`. */
function secondsOf(duration: string): number {
  return Array.from(duration.matchAll(/(\d+)([hms])/g)).reduce(
    (sum, [, digits, unit = 's']) => sum + Number(digits) * (UNITS[unit] ?? 0),
    0,
  );
}

/** The longest that each wait may be, by kind and field. */
const LONGEST = [
  ['kustomize.toolkit.fluxcd.io/Kustomization', 'interval', '6h'],
  ['kustomize.toolkit.fluxcd.io/Kustomization', 'retryInterval', '10m'],
  ['kustomize.toolkit.fluxcd.io/Kustomization', 'timeout', '30m'],
  ['source.toolkit.fluxcd.io/GitRepository', 'interval', '1h'],
  ['source.toolkit.fluxcd.io/GitRepository', 'timeout', '10m'],
  ['image.toolkit.fluxcd.io/ImageRepository', 'interval', '30m'],
  ['image.toolkit.fluxcd.io/ImageUpdateAutomation', 'interval', '6h'],
] as const;

export const fluxIntervals: Rule = {
  id: 'flux-intervals',
  reason: 'A zero or a letter too many turns minutes into hours: a fix that is merged does not arrive.',
  remedy: `Wait no longer than ${LONGEST.map(([kind, field, most]) => `${most} (${kind.split('/')[1]} ${field})`).join(', ')}.`,
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#interval',
  *check(tree) {
    if (!tree.complete) return;
    for (const [kind, name, most] of LONGEST) {
      for (const root of tree.of(kind)) {
        const field = root.at('spec', name);
        if (field.text !== undefined && secondsOf(field.text) > secondsOf(most)) {
          yield { at: field, message: `${field.text} is longer than ${most}` };
        }
      }
    }
  },
};
