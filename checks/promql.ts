/** PromQL by its real grammar: whether an expression can be read, and which series it asks for. */
import { parser } from '@prometheus-io/lezer-promql';
import type { SyntaxNode } from '@lezer/common';

/** A series that an expression selects. */
export interface Selector {
  /** Name of the metric; undefined where only labels select, by something else than one name. */
  readonly metric: string | undefined;
  /** Values that labels must have (`=` only). */
  readonly labels: ReadonlyMap<string, string>;
}

/** What an expression says. */
export interface Expression {
  /** Why it cannot be read or computed, if so. */
  readonly problem: string | undefined;
  readonly selectors: readonly Selector[];
}

/** Functions of a range (`x[5m]`); the last of their parameters is it. */
const OF_RANGE =
  /^(?:.*_over_time|changes|delta|deriv|double_exponential_smoothing|holt_winters|idelta|increase|irate|predict_linear|rate|resets)$/;

/** Reads an expression. Never throws: the parser recovers from anything. */
export function readPromql(text: string): Expression {
  const selectors: Selector[] = [];
  let problem: string | undefined;
  const cursor = parser.parse(text).cursor();
  do {
    const { node } = cursor;
    if (node.type.isError) problem ??= `it cannot be read from "${excerpt(text, node.from)}" on`;
    else if (node.name === 'VectorSelector') selectors.push(selectorOf(node, text));
    else if (node.name === 'FunctionCall') problem ??= rangeProblem(node, text);
  } while (cursor.next());
  return { problem, selectors };
}

function excerpt(text: string, from: number): string {
  return text.slice(Math.max(0, from - 10), from + 10).trim();
}

function selectorOf(node: SyntaxNode, text: string): Selector {
  const labels = new Map<string, string>();
  const name = node.getChild('Identifier');
  let metric = name === null ? undefined : text.slice(name.from, name.to);
  for (const matcher of node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
    const [label, operator, value] = ['LabelName', 'MatchOp', 'StringLiteral'].map((part) => {
      const child = matcher.getChild(part);
      return child === null ? '' : text.slice(child.from, child.to);
    });
    if (operator !== '=') continue;
    const wanted = (value ?? '').slice(1, -1);
    if (label === '__name__') metric = wanted;
    else labels.set(label ?? '', wanted);
  }
  return { metric, labels };
}

/** A function of a range that gets a single value, which Prometheus refuses. */
function rangeProblem(call: SyntaxNode, text: string): string | undefined {
  const name = call.getChild('FunctionIdentifier');
  const body = call.getChild('FunctionCallBody');
  const id = name === null ? '' : text.slice(name.from, name.to);
  if (!OF_RANGE.test(id) || body === null) return undefined;
  const isRange = ['MatrixSelector', 'SubqueryExpr', 'OffsetExpr', 'StepInvariantExpr', 'ParenExpr'].some(
    (part) => body.getChild(part) !== null,
  );
  return isRange ? undefined : `${id}() wants a range, such as x[5m]`;
}
