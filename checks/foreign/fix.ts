/**
 * Repairs what has one right answer, value by value: every other byte of the file stays, comments included. Done to
 * folders that are not rendered here; what is rendered is repaired where it comes from.
 */
import { isScalar, parseAllDocuments } from 'yaml';
import type { Document } from 'yaml';
import type { Finding } from '../rule.ts';

/** A piece of the text, and what stands there instead. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly value: string;
}

/** How a finding is repaired; undefined where that is not sure. */
type Fix = (document: Document, finding: Finding) => Edit | undefined;

/** Kinds whose two versions differ in nothing but their names. */
const RENAMED: Readonly<Record<string, string>> = {
  'batch/v1beta1 CronJob': 'batch/v1',
  'rbac.authorization.k8s.io/v1beta1 ClusterRole': 'rbac.authorization.k8s.io/v1',
  'rbac.authorization.k8s.io/v1beta1 ClusterRoleBinding': 'rbac.authorization.k8s.io/v1',
  'rbac.authorization.k8s.io/v1beta1 Role': 'rbac.authorization.k8s.io/v1',
  'rbac.authorization.k8s.io/v1beta1 RoleBinding': 'rbac.authorization.k8s.io/v1',
  'scheduling.k8s.io/v1beta1 PriorityClass': 'scheduling.k8s.io/v1',
};

const FIXES: Readonly<Record<string, Fix>> = {
  'api-version-served': (document) => {
    const version = RENAMED[`${String(document.get('apiVersion'))} ${String(document.get('kind'))}`];
    return version === undefined ? undefined : replace(document, ['apiVersion'], () => version);
  },
  'string-values': (document, { path }) => quote(document, path),
  schema: (document, { path, message }) =>
    message.startsWith('expected string, found') ? quote(document, path) : undefined,
};

/** A bare `25` or `true` becomes the text that its author saw. */
function quote(document: Document, path: Finding['path']): Edit | undefined {
  return replace(document, path, (source, value) =>
    ['number', 'boolean'].includes(typeof value) ? JSON.stringify(source) : undefined,
  );
}

function replace(
  document: Document,
  path: Finding['path'],
  change: (source: string, value: unknown) => string | undefined,
): Edit | undefined {
  const node = document.getIn(path, true);
  if (!isScalar(node) || node.source === undefined || !node.range) return undefined;
  const value = change(node.source, node.value);
  return value === undefined ? undefined : { from: node.range[0], to: node.range[1], value };
}

/**
 * The text of a file with all that can be repaired.
 *
 * @param findings those of this file
 * @returns the new text, the same where there is nothing to do, and the findings that are repaired by it
 */
export function fixText(
  text: string,
  findings: readonly Finding[],
): { readonly text: string; readonly fixed: readonly Finding[] } {
  const documents = [...parseAllDocuments(text)];
  const edits = new Map<number, Edit>();
  const fixed = findings.filter((finding) => {
    const document = documents[finding.index ?? 0];
    const edit = document === undefined ? undefined : FIXES[finding.rule]?.(document, finding);
    if (edit !== undefined) edits.set(edit.from, edit);
    return edit !== undefined;
  });
  const result = [...edits.values()]
    .toSorted((a, b) => b.from - a.from)
    .reduce((before, { from, to, value }) => before.slice(0, from) + value + before.slice(to), text);
  return { text: result, fixed };
}
