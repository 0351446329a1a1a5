import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { isManifest } from './field.ts';
import type { Document, Manifest } from './field.ts';

/** A good or bad example of a rule: YAML documents, in which "# ✗" marks each line with a finding. */
export interface Example {
  readonly text: string;
  readonly documents: readonly Document[];
  /** Text by file, as `runRules` wants it. */
  readonly texts: ReadonlyMap<string, string>;
  /** `file:line` of each mark; one alone on its line means the next. */
  readonly marks: readonly string[];
}

const MARK = '# ✗';

/** Reads `rules/<id>.<kind>.yaml`. A first comment like `# k8s/prod/30-service.yaml` names a document's file. */
export function readExample(id: string, kind: 'good' | 'bad'): Example {
  const text = readFileSync(new URL(`rules/${id}.${kind}.yaml`, import.meta.url), 'utf8');
  const texts = new Map(
    text
      .split(/^---\n/m)
      .map((part, index) => [/^# (\S+\.yaml)$/m.exec(part)?.[1] ?? `k8s/prod/${index}.yaml`, part] as const),
  );
  const documents = [...texts].map(([file, part]) => ({ file, manifest: parseManifest(part) }));
  const marks = [...texts].flatMap(([file, part]) =>
    part.split('\n').flatMap((line, index) => {
      if (!line.includes(MARK)) return [];
      return [`${file}:${line.trim() === MARK ? index + 2 : index + 1}`];
    }),
  );
  return { text, documents, texts, marks };
}

function parseManifest(text: string): Manifest {
  const value: unknown = parseDocument(text).toJS();
  if (!isManifest(value)) throw new Error(`not a Kubernetes object:\n${text}`);
  return value;
}
