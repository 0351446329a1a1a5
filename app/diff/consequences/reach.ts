import type { Field } from '../../../checks/field.ts';
import { itemName, podsOf, secretsOfVolume, volumesOf } from '../../../checks/pod.ts';
import type { Tree } from '../../../checks/tree.ts';
import { type ConsequenceKind, type Found, objectKey } from '../consequence.ts';

/** Who can read which secret, and what a token may do: whatever is more than before. */
export const reach: ConsequenceKind = {
  id: 'reach',
  title: 'a secret or a token reaches further',
  reference: 'https://kubernetes.io/docs/concepts/security/secrets-good-practices/',
  transition: false,
  *find({ before, after }) {
    const [old, now] = [reachOf(before.tree), reachOf(after.tree)];
    const holders = new Set([...old.values()].filter(isHolder).map(({ says }) => says));
    for (const [text, found] of now) {
      if (old.has(text)) continue;
      // A further file for somebody who can decrypt others anyway.
      const isKnown = isHolder(found) && holders.has(found.says) && !before.objects.has(found.object);
      yield isKnown ? { ...found, weight: 'note' } : found;
    }
    // Without a SOPS block it would be in clear from now on; with one, single values can be.
    const clear = clearValues(before.tree);
    for (const [text, found] of clearValues(after.tree)) if (!clear.has(text)) yield found;
  },
};

function isHolder({ fields }: Found): boolean {
  return fields[0]?.startsWith('sops.') === true;
}

/** Every way to a secret or a token, by its text. */
function reachOf(tree: Tree): Map<string, Found> {
  const ways = new Map<string, Found>();
  const add = (root: Field, fields: string, says: string, weight: Found['weight'] = 'caution'): void => {
    ways.set(`${objectKey(root)} ${says}`, {
      weight,
      object: objectKey(root),
      fields: fields === '' ? [] : [fields],
      says,
    });
  };
  for (const pod of podsOf(tree)) {
    const { workload, spec } = pod;
    const volumes = volumesOf(pod);
    for (const container of pod.allContainers) {
      const name = itemName(container);
      const secrets = [
        ...container
          .at('env')
          .items()
          .map((entry) => entry.at('valueFrom', 'secretKeyRef', 'name').text),
        ...container
          .at('envFrom')
          .items()
          .map((entry) => entry.at('secretRef', 'name').text),
        ...container
          .at('volumeMounts')
          .items()
          .flatMap((mount) => {
            const volume = volumes.get(itemName(mount));
            return volume === undefined ? [] : secretsOfVolume(volume);
          }),
      ];
      for (const secret of secrets) {
        if (secret !== undefined)
          add(workload, `containers[${name}]`, `container ${name} can read the Secret ${secret}`);
      }
    }
    if (spec.at('automountServiceAccountToken').value !== false) {
      add(
        workload,
        'spec.template.spec.automountServiceAccountToken',
        'every container gets a token of the service account',
        'danger',
      );
    }
    const account = spec.at('serviceAccountName').text;
    if (account !== undefined && account !== 'default') {
      add(
        workload,
        'spec.template.spec.serviceAccountName',
        `the pod acts as the service account ${account}`,
      );
    }
    for (const volume of spec.at('volumes').items()) {
      const token = volume
        .at('projected', 'sources')
        .items()
        .some((source) => source.at('serviceAccountToken').exists);
      if (token)
        add(
          workload,
          `volumes[${itemName(volume)}]`,
          `the volume ${itemName(volume)} holds a token of the service account`,
          'danger',
        );
    }
    for (const secret of spec.at('imagePullSecrets').items()) {
      add(
        workload,
        'spec.template.spec.imagePullSecrets',
        `the kubelet pulls with the Secret ${itemName(secret)}`,
        'note',
      );
    }
  }
  for (const root of tree.roots) addObject(root, add);
  return ways;
}

function addObject(
  root: Field,
  add: (root: Field, field: string, says: string, weight?: Found['weight']) => void,
): void {
  for (const entry of root.at('sops', 'age').items()) {
    const recipient = entry.at('recipient').text ?? '';
    add(root, 'sops.age', `the holder of the age key ${recipient} can decrypt it`, 'danger');
  }
  for (const kind of ['kms', 'gcp_kms', 'azure_kv', 'hc_vault', 'pgp'] as const) {
    for (const entry of root.at('sops', kind).items()) {
      const key = ['arn', 'resource_id', 'vault_url', 'vault_address', 'fp']
        .map((name) => entry.at(name).text)
        .find(Boolean);
      add(root, `sops.${kind}`, `the holder of the ${kind} key ${key ?? ''} can decrypt it`, 'danger');
    }
  }
  for (const path of [
    ['spec', 'secretRef'],
    ['spec', 'decryption', 'secretRef'],
    ['spec', 'kubeConfig', 'secretRef'],
  ]) {
    const secret = root.at(...path, 'name').text;
    if (secret !== undefined) add(root, path.join('.'), `Flux reads the Secret ${secret} for it`);
  }
  const { kind } = root.document.manifest;
  if (kind === 'Kustomization' && root.at('spec', 'serviceAccountName').text !== undefined) {
    add(root, 'spec.serviceAccountName', `Flux applies it as ${root.at('spec', 'serviceAccountName').text}`);
  }
  if (kind === 'Role' || kind === 'ClusterRole') {
    for (const rule of root.at('rules').items())
      add(root, 'rules', `allows ${JSON.stringify(rule.value)}`, 'danger');
  }
  if (kind === 'RoleBinding' || kind === 'ClusterRoleBinding') {
    const role = root.at('roleRef', 'name').text ?? '';
    for (const subject of root.at('subjects').items()) {
      add(
        root,
        'subjects',
        `gives ${subject.at('kind').text} ${itemName(subject)} the role ${role}`,
        'danger',
      );
    }
  }
}

/** Values of Secrets that are not encrypted. */
function clearValues(tree: Tree): Map<string, Found> {
  const values = new Map<string, Found>();
  for (const secret of tree.of('Secret')) {
    for (const field of ['data', 'stringData']) {
      for (const [key, { text }] of secret.at(field).entries()) {
        if (text === undefined || text.startsWith('ENC[')) continue;
        values.set(`${objectKey(secret)} ${field}.${key}`, {
          weight: 'danger',
          object: objectKey(secret),
          fields: [`${field}.${key}`],
          says: `puts ${field}.${key} into git in clear`,
          todo: 'Encrypt it (npm run secrets), and renew what was committed in clear.',
        });
      }
    }
  }
  return values;
}
