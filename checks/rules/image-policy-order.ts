import type { ImagePolicy } from '../image-policy.ts';
import { imagePoliciesOf } from '../image-policy.ts';
import type { Rule } from '../rule.ts';

/** What CI makes, oldest first; the prefix of the environment goes in front. */
const TAGS = [
  '20260102.1',
  '20260102.2',
  '20260102.9',
  '20260102.10',
  '20260102.11',
  '20260103.1',
  '20260110.1',
];

type Compare = (a: string, b: string) => number;

const textual: Compare = (a, b) => (a === b ? 0 : a < b ? -1 : 1);
const numerical: Compare = (a, b) => Number(a) - Number(b);
const versions: Compare = (a, b) => {
  const [left, right] = [a, b].map((text) => `${text.replace('v', '')}.0.0`.split('.', 3).map(Number));
  const differing = left?.findIndex((part, index) => part !== right?.[index]) ?? -1;
  return differing < 0 ? 0 : (left?.[differing] ?? 0) - (right?.[differing] ?? 0);
};

/** Go's Regexp.Expand: $name and ${name}; the longest name wins, an unknown one is empty. */
function expand(template: string, match: RegExpExecArray): string {
  return template.replaceAll(/\$(?:(\w+)|\{(\w+)\})/g, (_, plain?: string, braced?: string) => {
    const name = plain ?? braced ?? '';
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? '';
  });
}

/** The order that the policy uses, or why it cannot use these values; undefined for one that we cannot tell. */
function orderOf({ root }: ImagePolicy, values: readonly string[]): Compare | string | undefined {
  const policy = root.at('spec', 'policy');
  if (policy.at('alphabetical').exists) {
    return policy.at('alphabetical', 'order').value === 'desc' ? (a, b) => textual(b, a) : textual;
  }
  if (policy.at('numerical').exists) {
    if (values.some((value) => value === '' || Number.isNaN(Number(value))))
      return 'the extracted value is no number';
    return policy.at('numerical', 'order').value === 'desc' ? (a, b) => numerical(b, a) : numerical;
  }
  if (policy.at('semver').exists) {
    if (values.every((value) => /^v?\d+(\.\d+){0,2}$/.test(value))) return versions;
    return values.some((value) => !/^v?\d+(\.\d+){0,2}[-+]/.test(value))
      ? 'the extracted value is no version'
      : undefined;
  }
  return undefined;
}

/** Ranges of Masterminds/semver, which Flux uses. */
const VERSION = String.raw`v?(?:\d+|[xX*])(?:\.(?:\d+|[xX*])){0,2}(?:-[\w.-]+)?(?:\+[\w.-]+)?`;
const TERM = String.raw`(?:[<>=!~^]{0,2}\s*${VERSION})(?:\s+-\s+${VERSION})?`;
const RANGE = new RegExp(String.raw`^\s*${TERM}(?:(?:\s*,\s*|\s*\|\|\s*|\s+)${TERM})*\s*$`);

export const imagePolicyOrder: Rule = {
  id: 'image-policy-order',
  reason:
    'As a number prod-20260102.9 is newer than .10, as text too: Flux would roll back to the ninth build.',
  remedy:
    "Extract '$date.$n.0' from '^prod-(?P<date>\\d{8})\\.(?P<n>0|[1-9]\\d*)$' and sort it as semver, range '>=20200101.0.0'.",
  reference: 'https://fluxcd.io/flux/components/image/imagepolicies/',
  *check(tree) {
    for (const policy of imagePoliciesOf(tree)) {
      const { root, pattern } = policy;
      const kinds = root.at('spec', 'policy').entries();
      if (kinds.length !== 1) {
        yield { at: root.at('spec', 'policy'), message: `expected one order, found ${kinds.length}` };
      }
      const range = root.at('spec', 'policy', 'semver', 'range');
      if (range.text !== undefined && !RANGE.test(range.text)) {
        yield { at: range, message: `"${range.text}" is no range of versions`, severity: tree.doubt };
      }
      if (pattern === undefined) continue;
      const prefix = /^\^?([\w-]*)/.exec(pattern.source)?.[1] ?? '';
      const tags = TAGS.map((tag) => prefix + tag);
      const matches = tags.map((tag) => pattern.exec(tag));
      if (matches[0] === null) continue; // another scheme of tags
      const missed = tags.find((_, index) => matches[index] === null);
      if (missed !== undefined) {
        yield {
          at: root.at('spec', 'filterTags', 'pattern'),
          message: `it takes ${tags[0]}, but never ${missed}`,
        };
        continue;
      }
      const template = root.at('spec', 'filterTags', 'extract').text ?? '';
      const values = matches.flatMap((match, index) =>
        match === null ? [] : [template === '' ? (tags[index] ?? '') : expand(template, match)],
      );
      const order = orderOf(policy, values);
      if (typeof order === 'string') yield { at: root.at('spec', 'filterTags', 'extract'), message: order };
      if (typeof order !== 'function') continue;
      for (const [index, newer] of values.slice(1).entries()) {
        if (order(values[index] ?? '', newer) >= 0) {
          yield {
            at: root.at('spec', 'policy'),
            message: `it does not take ${tags[index + 1]} for newer than ${tags[index]}`,
          };
          break;
        }
      }
    }
  },
};
