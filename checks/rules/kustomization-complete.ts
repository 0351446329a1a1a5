import { basename, dirname, join } from 'node:path/posix';
import type { Field } from '../field.ts';
import type { Problem, Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

const KIND = 'kustomize.config.k8s.io/Kustomization';

export const kustomizationComplete: Rule = {
  id: 'kustomization-complete',
  reason: 'A file that kustomization.yaml does not list is never applied, and one that is missing stops all.',
  remedy: 'List every file of the folder, each once, and nothing else.',
  reference: 'https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/resource/',
  *check(tree) {
    const indexes = new Map(tree.of(KIND).map((root) => [dirname(root.document.file), root]));
    const files = new Map(tree.roots.map((root) => [root.document.file, root]));
    const isThere = tree.place.has ?? ((path: string) => files.has(path) || indexes.has(path));
    const listed = new Set<string>();
    const used = new Set<string>();
    for (const [folder, index] of indexes) {
      for (const { entry, path } of localPaths(folder, index)) {
        if (listed.has(`${folder} ${path}`)) yield { at: entry, message: `${entry.text} is listed twice` };
        listed.add(`${folder} ${path}`);
        used.add(path);
        if (!isThere(path)) yield { at: entry, message: `${entry.text} does not exist` };
      }
      for (const { text } of index.scalars()) if (text !== undefined) used.add(join(folder, text));
    }
    if (!tree.complete) {
      yield* forgotten(tree, indexes, used);
      return;
    }
    for (const [file, root] of files) {
      const index = indexes.get(dirname(file));
      if (index === undefined || index === root || used.has(file)) continue;
      yield { at: root, message: `the kustomization.yaml of ${dirname(file)} does not list this file` };
    }
  },
};

/**
 * Elsewhere a file may be left out on purpose: one that any other file of its folder names, in a comment or for a
 * tool, is known to its owner. One finding a folder.
 */
function* forgotten(
  tree: Tree,
  indexes: ReadonlyMap<string, Field>,
  used: ReadonlySet<string>,
): Generator<Problem> {
  for (const [folder, index] of indexes) {
    const beside = [...tree.texts].filter(([file]) => dirname(file) === folder);
    const files = new Set(tree.roots.map((root) => root.document.file));
    const unlisted = [...files]
      .filter((file) => dirname(file) === folder && file !== index.document.file && !used.has(file))
      .map((file) => basename(file))
      .filter((name) => !beside.some(([file, text]) => basename(file) !== name && text.includes(name)));
    if (unlisted.length > 0) {
      yield {
        at: index.at('resources'),
        message: `it does not list ${unlisted.join(', ')}`,
        severity: 'warning',
      };
    }
  }
}

/** What a kustomization.yaml takes in from beside it, without what it fetches. */
function localPaths(folder: string, index: Field): readonly { entry: Field; path: string }[] {
  return ['resources', 'components', 'bases']
    .flatMap((part) => index.at(part).items())
    .filter(({ text }) => text !== undefined && !REMOTE.test(text))
    .map((entry) => ({ entry, path: join(folder, entry.text ?? '').replace(/\/$/, '') }));
}

/** A URL, or the short form of one: `github.com/owner/repository/folder?ref=v1`. */
const REMOTE = /:\/\/|^git@|\?ref=|\/\/|^(www\.)?(github|gitlab|bitbucket)\.\w+[/:]|\$\{/;
