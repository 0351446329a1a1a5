import type { Field } from '../field.ts';
import { likelyMeant } from '../nearest.ts';
import { podsOf } from '../pod.ts';
import type { Pod } from '../pod.ts';
import type { Rule } from '../rule.ts';
import { nameOf, namespaceOf } from '../tree.ts';

interface Reference {
  readonly kind: 'Secret' | 'ConfigMap' | 'PersistentVolumeClaim' | 'ServiceAccount';
  readonly name: Field;
  /** Entry of the Secret or ConfigMap that is read, if one is named. */
  readonly keys: readonly Field[];
  /** Whether the kubelet logs in to the registry with it. */
  readonly pulls?: boolean;
}

const keysOf = (items: Field) => items.items().map((item) => item.at('key'));

function* references({ spec, allContainers }: Pod): Generator<Reference> {
  for (const volume of spec.at('volumes').items()) {
    yield* source(volume.at('secret'), 'Secret', 'secretName');
    yield* source(volume.at('configMap'), 'ConfigMap', 'name');
    yield { kind: 'PersistentVolumeClaim', name: volume.at('persistentVolumeClaim', 'claimName'), keys: [] };
    for (const projected of volume.at('projected', 'sources').items()) {
      yield* source(projected.at('secret'), 'Secret', 'name');
      yield* source(projected.at('configMap'), 'ConfigMap', 'name');
    }
  }
  for (const secret of spec.at('imagePullSecrets').items())
    yield { kind: 'Secret', name: secret.at('name'), keys: [], pulls: true };
  const account = spec.at('serviceAccountName');
  if (account.value !== 'default') yield { kind: 'ServiceAccount', name: account, keys: [] };
  for (const container of allContainers) {
    for (const from of container.at('envFrom').items()) {
      yield* source(from.at('secretRef'), 'Secret', 'name');
      yield* source(from.at('configMapRef'), 'ConfigMap', 'name');
    }
    for (const entry of container.at('env').items()) {
      yield* source(entry.at('valueFrom', 'secretKeyRef'), 'Secret', 'name');
      yield* source(entry.at('valueFrom', 'configMapKeyRef'), 'ConfigMap', 'name');
    }
  }
}

function* source(field: Field, kind: Reference['kind'], name: string): Generator<Reference> {
  if (!field.exists || field.at('optional').value === true) return;
  yield { kind, name: field.at(name), keys: [field.at('key'), ...keysOf(field.at('items'))] };
}

export const referencesExist: Rule = {
  id: 'references-exist',
  reason: 'A pod waits for ever for a Secret, ConfigMap or claim that is not there.',
  remedy: 'Render the object, or correct the name or key.',
  reference: 'https://kubernetes.io/docs/concepts/configuration/secret/#restriction-secret-must-exist',
  *check(tree) {
    // kustomize generators make objects that are not in the tree.
    const generated = tree
      .of('kustomize.config.k8s.io/Kustomization')
      .some((index) => index.at('secretGenerator').exists || index.at('configMapGenerator').exists);
    if (generated) return;
    const all = podsOf(tree).flatMap((pod) =>
      [...references(pod)].map((reference) => ({ pod, ...reference })),
    );
    const named = new Set(all.map(({ kind, name }) => `${kind} ${name.text}`));
    for (const { pod, kind, name, keys, pulls } of all) {
      if (name.text === undefined) continue;
      const target = tree.find(kind, pod.namespace, name.text);
      if (target === undefined && !tree.complete) {
        // What somebody else's pod refers to may lie anywhere, unless its only other spelling is here, unused.
        const unused = tree
          .of(kind)
          .filter((object) => namespaceOf(object) === pod.namespace)
          .map(nameOf)
          .filter((candidate) => !named.has(`${kind} ${candidate}`));
        const meant = likelyMeant(name.text, unused);
        if (meant !== undefined) {
          const message = `${kind} ${name.text} is not here, and nothing uses ${kind} ${meant}`;
          yield { at: name, message, severity: 'warning' };
        }
        continue;
      }
      if (target === undefined) {
        yield { at: name, message: `${kind} ${name.text} is not in this environment` };
        continue;
      }
      if (pulls && target.at('type').text !== 'kubernetes.io/dockerconfigjson') {
        yield { at: name, message: `Secret ${name.text} is not of type kubernetes.io/dockerconfigjson` };
      }
      for (const key of keys) {
        const parts = ['data', 'stringData', 'binaryData'];
        if (key.text !== undefined && !parts.some((part) => target.at(part, key.text ?? '').exists)) {
          yield { at: key, message: `${kind} ${name.text} has no key "${key.text}"` };
        }
      }
    }
  },
};
