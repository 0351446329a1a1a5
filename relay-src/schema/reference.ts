/** A reference of settings, made from their schema: one section a top-level key, one row a value. */
import { members, meta, type Schema, unwrap, type Variant, variantsOf } from './tree.ts';

/** Markdown sections, one for each key of an object schema. */
export function settingSections(schema: Schema): string[] {
  return Object.entries(members(schema) ?? {}).flatMap(([name, node]) => section(name, node));
}

function section(name: string, node: Schema): string[] {
  const { description = '', reason } = meta(node);
  return [
    `## ${name}`,
    '',
    `${sentence(description)}${members(node) && reason ? ` ${sentence(reason)}` : ''}`,
    '',
    ...tables(name, node, '###'),
  ];
}

/** The table of a setting; of one that comes in several kinds, a table for each below a heading of its own. */
function tables(path: string, node: Schema, heading: string): string[] {
  const variants = choices(node);
  if (variants.length > 0) {
    return variants.flatMap(({ kind, isDefault, schema }) => [
      `${heading} ${path}, kind ${kind}${isDefault ? ' (the default)' : ''}`,
      '',
      ...tables(path, schema, `${heading}#`),
    ]);
  }
  const rows = [...leaves(node, path)].filter((row) => row.path !== path || members(node) === undefined);
  return [
    '| setting | default | meaning | why this default |',
    '| --- | --- | --- | --- |',
    ...rows.map(
      ({ path: name, fallback, description: text, reason: why }) =>
        `| \`${name}\` | ${fallback} | ${text} | ${why} |`,
    ),
    '',
    ...rows.flatMap((row) => (row.union === undefined ? [] : tables(row.path, row.union, heading))),
  ];
}

/** The kinds of a union, where more than one has settings of its own. */
function choices(node: Schema): Variant[] {
  const variants = variantsOf(node).filter(({ schema }) => Object.keys(members(schema) ?? {}).length > 1);
  return variants.length > 1 ? variants : [];
}

interface Row {
  readonly path: string;
  readonly fallback: string;
  readonly description: string;
  readonly reason: string;
  /** A setting that comes in kinds, which have their own tables. */
  readonly union?: Schema;
}

/** @param within the optional setting that holds this one, if there is one */
function* leaves(node: Schema, path: string, within?: string): Generator<Row> {
  const children = members(node);
  const isUnion = choices(node).length > 0;
  if (children !== undefined && !isUnion) {
    const outer = isOptional(node) ? path : within;
    for (const [key, child] of Object.entries(children)) yield* leaves(child, `${path}.${key}`, outer);
    return;
  }
  const { fallback } = unwrap(node);
  const { description = '', reason = '' } = meta(node);
  const required = within === undefined ? '**required**' : `**required** in \`${within}\``;
  yield {
    path,
    fallback:
      fallback === undefined ? (isOptional(node) ? 'none' : required) : `\`${JSON.stringify(fallback)}\``,
    description,
    reason,
    ...(isUnion ? { union: node } : {}),
  };
}

function isOptional(node: Schema): boolean {
  const { inner, fallback } = unwrap(node);
  return inner !== node && fallback === undefined;
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
