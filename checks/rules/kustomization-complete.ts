import { dirname, join } from 'node:path/posix';
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
    const listed = new Set<string>();
    for (const [folder, index] of indexes) {
      for (const entry of index.at('resources').items()) {
        if (entry.text === undefined || entry.text.includes('://')) continue;
        const path = join(folder, entry.text).replace(/\/$/, '');
        if (listed.has(`${folder} ${path}`)) yield { at: entry, message: `${entry.text} is listed twice` };
        listed.add(`${folder} ${path}`);
        if (!files.has(path) && !indexes.has(path))
          yield { at: entry, message: `${entry.text} does not exist` };
      }
    }
    for (const [file, root] of files) {
      const folder = dirname(file);
      if (indexes.get(folder) === root || !indexes.has(folder) || listed.has(`${folder} ${file}`)) continue;
      yield { at: root, message: `the kustomization.yaml of ${folder} does not list this file` };
    }
  },
};
