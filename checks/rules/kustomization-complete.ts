import { basename, dirname, join } from 'node:path/posix';
import type { Field } from '../field.ts';
import type { Rule } from '../rule.ts';

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
    for (const [file, root] of files) {
      const folder = dirname(file);
      const index = indexes.get(folder);
      if (index === root || index === undefined || used.has(file)) continue;
      // A line that is commented out is left out on purpose.
      if (!tree.complete && tree.texts.get(index.document.file)?.includes(basename(file)) === true) continue;
      const message = `the kustomization.yaml of ${folder} does not list this file`;
      yield { at: root, message, severity: tree.doubt };
    }
  },
};

/** What a kustomization.yaml takes in from beside it, without what it fetches. */
function localPaths(folder: string, index: Field): readonly { entry: Field; path: string }[] {
  return ['resources', 'components', 'bases']
    .flatMap((part) => index.at(part).items())
    .filter(({ text }) => text !== undefined && !REMOTE.test(text))
    .map((entry) => ({ entry, path: join(folder, entry.text ?? '').replace(/\/$/, '') }));
}

/** A URL, or the short form of one: `github.com/owner/repository/folder?ref=v1`. */
const REMOTE = /:\/\/|^git@|\?ref=|\/\/|^(www\.)?(github|gitlab|bitbucket)\.\w+[/:]|\$\{/;
