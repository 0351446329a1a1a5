import { objectName } from './field.ts';
import type { Document, Field, Path } from './field.ts';
import { RENDERED, Tree } from './tree.ts';
import type { Place } from './tree.ts';

/** `error`: it will not run, or a promise is broken. `warning`: it runs, and a reader should look. */
export type Severity = 'error' | 'warning';

/** What a rule saw: the field that is wrong (or, for a missing one, where it belongs) and a sentence. */
export interface Problem {
  readonly at: Field;
  readonly message: string;
  /** `error` unless said otherwise. */
  readonly severity?: Severity;
}

/** One thing that must hold across the objects of an environment and that no schema knows. */
export interface Rule {
  /** Kebab case; also the name of its file and of its examples. */
  readonly id: string;
  /** Why it matters, in one line. */
  readonly reason: string;
  /** The right way, in one line. */
  readonly remedy: string;
  /** Where it is written down: an upstream page, an RFC, or a source. */
  readonly reference: string;
  /** Yields every breach. Silent where it cannot be sure. Time is linear in the size of the tree. */
  readonly check: (tree: Tree) => Iterable<Problem>;
}

/** A problem with all that a report needs; made by rules and by schemas alike. */
export interface Finding {
  /** Id of the rule. */
  readonly rule: string;
  readonly severity: Severity;
  /** Path of the file, as the documents have it: relative to `dist/` for an environment. */
  readonly file: string;
  /** Which document of the file, from 0; the first where it is absent. */
  readonly index?: number;
  /** `Deployment/email-relay`. */
  readonly object: string;
  /** Where in the object, as keys and indexes; `formatPath` makes text of it. */
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
  /** Line of the file (from 1), where it is known without looking for the path. */
  readonly line?: number;
}

/**
 * Runs rules over the documents of one environment (several environments are several calls).
 * `texts` holds the raw text by file, for rules about comments; without it those rules are silent.
 */
export function runRules(
  rules: readonly Rule[],
  documents: readonly Document[],
  texts: ReadonlyMap<string, string> = new Map(),
  place: Place = RENDERED,
): Finding[] {
  const tree = new Tree(documents, texts, place);
  return rules.flatMap((rule) =>
    Array.from(rule.check(tree), ({ at, message, severity = 'error' }) => ({
      rule: rule.id,
      severity,
      file: at.document.file,
      index: at.document.index ?? 0,
      object: objectName(at.document.manifest),
      path: at.path,
      message,
      remedy: rule.remedy,
    })),
  );
}

/** Without what a schema says of a field that a rule speaks of too: the rule says it better. */
export function withoutEchoes(findings: readonly Finding[]): Finding[] {
  const place = ({ file, index = 0, path }: Finding) => JSON.stringify([file, index, path]);
  const places = new Set(findings.filter(({ rule }) => rule !== 'schema').map(place));
  return findings.filter((finding) => finding.rule !== 'schema' || !places.has(place(finding)));
}
