import { dirname } from 'node:path/posix';
import type { Field } from '../field.ts';
import { foldersOf } from '../flux.ts';
import type { Rule } from '../rule.ts';
import { groupKind, nameOf, namespaceOf } from '../tree.ts';
import type { Tree } from '../tree.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** What server-side apply and pruning need. */
const VERBS = ['get', 'create', 'patch', 'delete'];

const isIn = (list: Field, value: string): boolean =>
  list.items().some((item) => item.text === value || item.text === '*');

/** Rules of the roles in a namespace that are bound to an account of it. */
function rulesOf(tree: Tree, namespace: string, account: string): readonly Field[] {
  return tree
    .of(`${RBAC}/RoleBinding`)
    .filter(
      (binding) =>
        namespaceOf(binding) === namespace &&
        binding
          .at('subjects')
          .items()
          .some(
            (subject) =>
              subject.at('kind').text === 'ServiceAccount' &&
              subject.at('name').text === account &&
              (subject.at('namespace').text ?? namespace) === namespace,
          ),
    )
    .flatMap((binding) => {
      const role = tree.find(`${RBAC}/Role`, namespace, binding.at('roleRef', 'name').text ?? '');
      return role?.at('rules').items() ?? [];
    });
}

/** The API's name for objects of a kind, by English grammar: true for every kind that is rendered here. */
function plural(kind: string): string {
  const lower = kind.toLowerCase();
  return lower.endsWith('y') ? `${lower.slice(0, -1)}ies` : `${lower}s`;
}

export const fluxAccount: Rule = {
  id: 'flux-account',
  reason:
    'A Kustomization with a service account can do what that may, and no more: one kind too many fails it whole.',
  remedy: 'Render the account, and a Role bound to it that may write each kind in the folder.',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#role-based-access-control',
  *check(tree) {
    // An administrator often makes the account, and a ClusterRole its rights.
    if (!tree.complete) return;
    for (const { kustomization, folder } of foldersOf(tree)) {
      const at = kustomization.at('spec', 'serviceAccountName');
      const account = at.text;
      if (account === undefined) continue;
      const namespace = namespaceOf(kustomization);
      if (tree.find('ServiceAccount', namespace, account) === undefined) {
        yield { at, message: `there is no ServiceAccount ${namespace}/${account}` };
        continue;
      }
      const rules = rulesOf(tree, namespace, account);
      const kinds = new Map<string, Field>();
      for (const root of tree.roots) {
        if (dirname(root.document.file) === folder)
          kinds.set(`${groupKind(root)} ${namespaceOf(root)}`, root);
      }
      for (const root of kinds.values()) {
        const { apiVersion, kind } = root.document.manifest;
        if (apiVersion.startsWith('kustomize.config.k8s.io/')) continue;
        const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
        const allowed = rules.some(
          (rule) =>
            isIn(rule.at('apiGroups'), group) &&
            isIn(rule.at('resources'), plural(kind)) &&
            VERBS.every((verb) => isIn(rule.at('verbs'), verb)),
        );
        if (!allowed || namespaceOf(root) !== namespace) {
          yield { at, message: `${account} may not apply ${kind}/${nameOf(root)} of ${root.document.file}` };
        }
      }
    }
  },
};
