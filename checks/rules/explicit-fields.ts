import type { Field } from '../field.ts';
import { itemName, podsOf, volumesOf } from '../pod.ts';
import { relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

/** Fields of whole objects that have a default which we do not lean on, by kind. */
const OF_OBJECTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  Secret: [['type']],
  'networking.k8s.io/NetworkPolicy': [['spec', 'policyTypes']],
  'kustomize.toolkit.fluxcd.io/Kustomization': [
    ['spec', 'force'],
    ['spec', 'prune'],
    ['spec', 'retryInterval'],
    ['spec', 'timeout'],
    ['spec', 'wait'],
  ],
  'image.toolkit.fluxcd.io/ImageUpdateAutomation': [
    ['spec', 'git', 'checkout', 'ref', 'branch'],
    ['spec', 'git', 'commit', 'author', 'name'],
    ['spec', 'git', 'commit', 'messageTemplate'],
    ['spec', 'git', 'push', 'branch'],
    ['spec', 'update', 'path'],
  ],
  'monitoring.coreos.com/ServiceMonitor': [['spec', 'selector', 'matchLabels']],
};

/** And of the items in their lists: where the list is, and what each item says. */
const OF_ITEMS: Readonly<Record<string, readonly (readonly [readonly string[], readonly string[]])[]>> = {
  Service: [
    [
      ['spec', 'ports'],
      ['name', 'protocol', 'targetPort'],
    ],
  ],
  'monitoring.coreos.com/ServiceMonitor': [
    [
      ['spec', 'endpoints'],
      ['interval', 'path'],
    ],
  ],
};

function* wanted(tree: Tree): Generator<Field> {
  for (const [kind, paths] of Object.entries(OF_OBJECTS)) {
    for (const root of tree.of(kind)) for (const path of paths) yield root.at(...path);
  }
  for (const [kind, lists] of Object.entries(OF_ITEMS)) {
    for (const root of tree.of(kind)) {
      for (const [path, names] of lists) {
        for (const item of root.at(...path).items()) for (const name of names) yield item.at(name);
      }
    }
  }
  for (const policy of tree.of('networking.k8s.io/NetworkPolicy')) {
    for (const rule of [...policy.at('spec', 'ingress').items(), ...policy.at('spec', 'egress').items()]) {
      for (const port of rule.at('ports').items()) yield port.at('protocol');
    }
  }
  for (const group of tree
    .of('monitoring.coreos.com/PrometheusRule')
    .flatMap((root) => root.at('spec', 'groups').items())) {
    for (const rule of group.at('rules').items()) if (rule.at('alert').exists) yield rule.at('for');
  }
  for (const pod of podsOf(tree)) {
    yield pod.spec.at('enableServiceLinks');
    if (pod.spec.at('securityContext', 'runAsUser').exists)
      yield pod.spec.at('securityContext', 'runAsGroup');
    if (pod.spec.at('securityContext', 'fsGroup').exists)
      yield pod.spec.at('securityContext', 'fsGroupChangePolicy');
    for (const container of pod.containers) {
      yield container.at('imagePullPolicy');
      for (const port of container.at('ports').items()) yield port.at('protocol');
      for (const mount of container.at('volumeMounts').items()) {
        if (volumesOf(pod).get(itemName(mount))?.at('persistentVolumeClaim').exists === false)
          yield mount.at('readOnly');
      }
      for (const name of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
        if (container.at(name).exists) yield container.at(name, 'periodSeconds');
      }
    }
  }
}

export const explicitFields: Rule = {
  id: 'explicit-fields',
  reason: 'A field that is left to its default looks like one that was lost, and a default may change.',
  remedy: 'Say the value, also where it is the default.',
  reference: 'https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-defaults',
  *check(tree) {
    if (!tree.complete || relaysOf(tree).length === 0) return;
    for (const field of wanted(tree)) {
      const isEmpty = JSON.stringify(field.value) === '[]' || JSON.stringify(field.value) === '{}';
      if (!field.exists || isEmpty) yield { at: field, message: 'it is not said' };
    }
  },
};
