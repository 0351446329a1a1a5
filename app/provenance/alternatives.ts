/** Other values that a setting could have: valid ones, each different from the one it has. */
import { z } from 'zod';
import { members, type Schema, unwrap } from '../../relay-src/schema/tree.ts';

/** One of each kind of text and number that some setting takes; the schema says which fit. */
const SAMPLES: readonly unknown[] = [
  'x',
  'x.example.net',
  'x@example.net',
  '203.0.113.0/24',
  '7Gi',
  '1Mi',
  '7h',
  '11111111-2222-4333-8444-555555555555',
  'https://x.example.net/x/y.git',
  7,
  1000,
  true,
  false,
];

/**
 * Values that the schema accepts instead of `current`, those nearest to it first: an optional setting that is
 * absent gets one, a list gains, loses and changes an item, a union of kinds becomes another kind.
 */
export function alternatives(schema: Schema, current: unknown): unknown[] {
  const { inner } = unwrap(schema);
  const seen = new Set([JSON.stringify(current)]);
  return candidates(inner, current).filter((candidate) => {
    const text = JSON.stringify(candidate);
    if (seen.has(text) || !z.safeParse(inner, candidate).success) return false;
    seen.add(text);
    return true;
  });
}

function candidates(inner: Schema, current: unknown): unknown[] {
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const kind: unknown = Object(current)['kind'];
    return inner.def.options.map(sample).filter((option) => Object(option)['kind'] !== kind);
  }
  if (inner instanceof z.ZodEnum) return inner.options;
  if (inner instanceof z.ZodLiteral) return inner.def.values;
  if (inner instanceof z.ZodUnion) {
    return inner.def.options.flatMap((option) => candidates(unwrap(option).inner, current));
  }
  if (inner instanceof z.ZodArray)
    return otherLists(inner.def.element, Array.isArray(current) ? current : []);
  if (inner instanceof z.ZodRecord) return otherRecords(inner, Object(current));
  return otherScalars(current);
}

function otherScalars(current: unknown): unknown[] {
  if (typeof current === 'boolean') return [!current];
  if (typeof current === 'number') return [current + 1, current * 3, Math.floor(current / 2)];
  if (typeof current !== 'string') return [...SAMPLES];
  const withNumber = (change: (value: number) => number): string =>
    current.replace(/\d+(?!.*\d)/, (digits) => String(change(Number(digits))));
  return [
    withNumber((value) => value + 1),
    withNumber((value) => value * 3),
    withNumber((value) => Math.floor(value / 2)),
    `${current}-x`,
    `x${current}`,
    current.replace('://', '://x.'),
    ...SAMPLES,
  ];
}

function otherLists(element: Schema, current: readonly unknown[]): unknown[] {
  const [first, ...rest] = current;
  const others = alternatives(element, first).filter((item) => !current.includes(item));
  return [
    ...others.slice(0, 1).map((other) => [other, ...rest]),
    ...others.slice(0, 1).map((other) => [...current, other]),
    [],
  ];
}

function otherRecords({ def: { keyType, valueType } }: z.ZodRecord, current: object): unknown[] {
  const [first] = Object.entries(current);
  const [key, value] = [sample(keyType), sample(valueType)];
  const changed = first === undefined ? [] : alternatives(valueType, first[1]).slice(0, 1);
  return [
    ...changed.map((other) => ({ ...current, [String(first?.[0])]: other })),
    { ...current, [String(key)]: value },
    {},
  ];
}

/** Some valid value: what has a default is left out, of several kinds the first is taken. */
function sample(schema: Schema): unknown {
  const { inner, fallback } = unwrap(schema);
  if (fallback !== undefined) return fallback;
  if (inner instanceof z.ZodDiscriminatedUnion) return inner.def.options.map(sample)[0];
  if (inner instanceof z.ZodLiteral) return inner.def.values[0];
  if (inner instanceof z.ZodEnum) return inner.options[0];
  const shape = members(inner);
  if (shape !== undefined) {
    const required = Object.entries(shape).filter(([, node]) => unwrap(node).inner === node);
    return Object.fromEntries(required.map(([key, node]) => [key, sample(node)]));
  }
  if (inner instanceof z.ZodArray) return [sample(inner.def.element)];
  return SAMPLES.find((value) => z.safeParse(inner, value).success);
}
