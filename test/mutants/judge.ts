/** What `check` says of a mutant, with drift off. */
import { check, unreadableIn } from '../../app/check/check-repository.ts';
import { parseManifests } from '../../checks/foreign/parse-manifests.ts';
import type { Target } from '../../checks/schemas/validate.ts';
import type { Mutant } from './generate.ts';

/** A mutant and the first rule that caught it; undefined for one that lives. */
export interface Verdict {
  readonly mutant: Mutant;
  readonly rule: string | undefined;
}

const TARGET: Target = { kubernetes: '1.36', flux: '2.9' };

/** Judges mutants of a tree; anything that is found counts, since the tree itself is clean. */
export function judge(texts: ReadonlyMap<string, string>, mutants: readonly Mutant[]): Verdict[] {
  const parsed = new Map([...texts].map(([file, text]) => [file, parseManifests(file, text)]));
  return mutants.map((mutant) => {
    const spoiled = parseManifests(mutant.file, mutant.text);
    if (unreadableIn(mutant.file, spoiled).length > 0) return { mutant, rule: 'yaml' };
    const documents = [...parsed].flatMap(
      ([file, whole]) => (file === mutant.file ? spoiled : whole).documents,
    );
    const [finding] = check(documents, new Map(texts).set(mutant.file, mutant.text), TARGET);
    return { mutant, rule: finding?.rule };
  });
}
