import { foldersOf } from '../../../checks/flux.ts';
import { type ConsequenceKind, kindOf, rootOf } from '../consequence.ts';

/** These have words of their own in data-loss and flux; an index is no object of the cluster. */
const ELSEWHERE = [
  'PersistentVolumeClaim',
  'Namespace',
  'kustomize.toolkit.fluxcd.io/Kustomization',
  'kustomize.config.k8s.io/Kustomization',
];

/** Objects that left the files: what becomes of them in the cluster. */
export const pruned: ConsequenceKind = {
  id: 'pruned',
  title: 'an object leaves the cluster, or stays behind',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#prune',
  transition: true,
  *find(context) {
    const folders = foldersOf(context.before.tree);
    for (const change of context.changes) {
      if (change.kind !== 'removed' || ELSEWHERE.includes(kindOf(change))) continue;
      const root = rootOf(context.before, change.before);
      const owner = folders
        .filter(({ folder }) => change.before?.file.startsWith(`${folder}/`) === true)
        .toSorted((a, b) => b.folder.length - a.folder.length)[0];
      const annotation = root?.at('metadata', 'annotations', 'kustomize.toolkit.fluxcd.io/prune').text;
      const isDeleted = owner?.kustomization.at('spec', 'prune').value === true && annotation !== 'disabled';
      yield isDeleted
        ? { weight: 'caution', object: change.key, fields: [], says: 'Flux deletes it from the cluster' }
        : {
            weight: 'caution',
            object: change.key,
            fields: [],
            says: 'it stays in the cluster, where nobody changes it any more',
            todo: 'Delete it by hand.',
          };
    }
  },
};
