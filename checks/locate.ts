import { isMap, isNode, isPair, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Path } from './field.ts';

/** The line (from 1) of a field of the document at `index`: that of its key, or of what would hold it where it is missing. */
export function lineOf(text: string, path: Path, index = 0): number {
  const lines = new LineCounter();
  const document = [...parseAllDocuments(text, { lineCounter: lines })][index];
  let node: unknown = document?.contents;
  let offset = isMap(node) ? (node.range?.[0] ?? 0) : 0;
  for (const key of path) {
    const next = isMap(node)
      ? node.items.find((pair) => String(pair.key) === String(key))
      : isSeq(node)
        ? node.items[Number(key)]
        : undefined;
    if (next === undefined) break;
    const start: unknown = isPair(next) ? next.key : next;
    offset = isNode(start) ? (start.range?.[0] ?? offset) : offset;
    node = isPair(next) ? next.value : next;
  }
  return lines.linePos(offset).line;
}
