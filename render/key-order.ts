/** The order in which a person reads an object: what it is, what it is called, then the rest by the alphabet. */

const FIRST = [
  'apiVersion',
  'kind',
  'alert',
  'expr',
  'for',
  'name',
  'namespace',
  'metadata',
  'labels',
  'annotations',
  'image',
  'command',
  'args',
];

const RANK = new Map(FIRST.map((key, index) => [key, index]));

function compare(a: string, b: string): number {
  const byRank = (RANK.get(a) ?? FIRST.length) - (RANK.get(b) ?? FIRST.length);
  if (byRank !== 0) return byRank;
  // Not localeCompare: the bytes must not depend on the machine's locale.
  return a < b ? -1 : 1;
}

/** The same value with every object's keys in reading order, and without keys whose value is undefined. */
export function inReadingOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inReadingOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .toSorted(([a], [b]) => compare(a, b))
      .map(([key, child]) => [key, inReadingOrder(child)]),
  );
}
