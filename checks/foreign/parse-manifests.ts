/** YAML as Kubernetes reads it. */
import { LineCounter, parseAllDocuments } from 'yaml';
import type { ParseOptions, DocumentOptions, SchemaOptions } from 'yaml';
import type { Document } from '../field.ts';
import { isManifest } from '../field.ts';

/** What keeps a YAML document from being read. */
export interface YamlProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
  /** Whether every parser stumbles over it; ours is stricter than Go's about the indent of quoted text. */
  readonly sure: boolean;
}

const DOUBTFUL: readonly string[] = ['MISSING_CHAR', 'BAD_INDENT', 'MULTILINE_IMPLICIT_KEY'];

/** What YAML 1.1 has beyond what Kubernetes' parser (sigs.k8s.io/yaml) makes of it: dates, base 60, sets. */
const UNKNOWN_TAGS = /^tag:yaml\.org,2002:(timestamp|set|omap|pairs|binary)$/;

const OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.1',
  logLevel: 'error',
  customTags: (tags) =>
    tags.filter(
      (tag) =>
        typeof tag === 'string' ||
        (!UNKNOWN_TAGS.test(tag.tag) && !('format' in tag && tag.format === 'TIME')),
    ),
};

/** What a YAML file holds. */
export interface Parsed {
  readonly documents: readonly Document[];
  readonly problems: readonly YamlProblem[];
  /** Lines of documents that are no object: without apiVersion or kind. */
  readonly strangers: readonly number[];
}

/** The objects of a YAML file: each document, and each item of a list. */
export function parseManifests(file: string, text: string): Parsed {
  const lineCounter = new LineCounter();
  const documents: Document[] = [];
  const problems: YamlProblem[] = [];
  const strangers: number[] = [];
  for (const [index, document] of [...parseAllDocuments(text, { ...OPTIONS, lineCounter })].entries()) {
    const [error] = document.errors;
    if (error !== undefined) {
      const { line } = lineCounter.linePos(error.pos[0]);
      problems.push({
        file,
        line,
        sure: !DOUBTFUL.includes(error.code),
        message: error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? '',
      });
      continue;
    }
    for (const manifest of expand(toPlain(document))) {
      if (isManifest(manifest)) documents.push({ manifest, file, index });
      else if (isKustomization(file, manifest))
        documents.push({ manifest: { ...KUSTOMIZATION, ...manifest }, file, index });
      else if (manifest !== null) strangers.push(lineCounter.linePos(document.range[0]).line);
    }
  }
  return { documents, problems, strangers };
}

/** What kustomize takes a kustomization.yaml without these for. */
const KUSTOMIZATION = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };

function isKustomization(file: string, value: unknown): value is object {
  return (
    /(^|\/)(kustomization\.ya?ml|Kustomization)$/.test(file) && typeof value === 'object' && value !== null
  );
}

/** Aliases that lead nowhere or to themselves are errors of their own; such a document is read as empty. */
function toPlain(document: { toJS: () => unknown }): unknown {
  try {
    return document.toJS();
  } catch {
    return undefined;
  }
}

/** `kind: List` and alike stand for their items. */
function expand(value: unknown): readonly unknown[] {
  if (!isManifest(value) || !value.kind.endsWith('List') || !('items' in value)) return [value];
  return Array.isArray(value.items) ? value.items.flatMap(expand) : [value];
}
