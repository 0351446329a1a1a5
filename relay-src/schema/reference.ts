/** A reference of settings, made from their schema: one section a top-level key, one row a value. */
import { z } from 'zod';
import { members, meta, type Schema, unwrap } from './tree.ts';

/** Markdown sections, one for each key of an object schema. */
export function settingSections(schema: Schema): string[] {
  return Object.entries(members(schema) ?? {}).flatMap(([name, node]) => section(name, node));
}

function section(name: string, node: Schema): string[] {
  const { description = '', reason } = meta(node);
  const heading = [
    `## ${name}`,
    '',
    `${sentence(description)}${members(node) && reason ? ` ${sentence(reason)}` : ''}`,
    '',
  ];
  const variants = kinds(node);
  if (variants.length < 2) return [...heading, ...table(name, node)];
  return [
    ...heading,
    ...variants.flatMap(([kind, one]) => [`### ${name}, kind ${kind}`, '', ...table(name, one)]),
  ];
}

/** The kinds of a union that have settings of their own, with these. */
function kinds(node: Schema): [kind: string, schema: Schema][] {
  const { inner } = unwrap(node);
  if (!(inner instanceof z.ZodDiscriminatedUnion)) return [];
  return inner.def.options.flatMap((option): [string, Schema][] => {
    const { kind, ...others } = members(option) ?? {};
    return kind instanceof z.ZodLiteral && Object.keys(others).length > 0
      ? [[String(kind.value), option]]
      : [];
  });
}

function table(name: string, node: Schema): string[] {
  const rows = [...leaves(node, name)].filter((row) => row.path !== name || members(node) === undefined);
  return [
    '| setting | default | meaning | why this default |',
    '| --- | --- | --- | --- |',
    ...rows.map(
      ({ path, fallback, description: text, reason: why }) =>
        `| \`${path}\` | ${fallback} | ${text} | ${why} |`,
    ),
    '',
  ];
}

interface Row {
  readonly path: string;
  readonly fallback: string;
  readonly description: string;
  readonly reason: string;
}

function* leaves(node: Schema, path: string): Generator<Row> {
  const children = members(node);
  if (children !== undefined) {
    for (const [key, child] of Object.entries(children)) yield* leaves(child, `${path}.${key}`);
    return;
  }
  const { inner, fallback } = unwrap(node);
  const { description = '', reason = '' } = meta(node);
  const isOptional = inner !== node && fallback === undefined;
  yield {
    path,
    fallback:
      fallback === undefined ? (isOptional ? 'none' : '**required**') : `\`${JSON.stringify(fallback)}\``,
    description,
    reason,
  };
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
