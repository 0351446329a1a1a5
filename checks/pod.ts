import type { Field } from './field.ts';
import { namespaceOf, oncePerTree } from './tree.ts';

/** A pod, or the template that a workload makes pods from. */
export interface Pod {
  readonly workload: Field;
  readonly namespace: string;
  /** Holds `metadata` and `spec`. */
  readonly template: Field;
  readonly spec: Field;
  readonly labels: ReadonlyMap<string, string>;
  /** Containers that run side by side. */
  readonly containers: readonly Field[];
  /** Those and the init containers. */
  readonly allContainers: readonly Field[];
}

const template = ['spec', 'template'];
const templates: Readonly<Record<string, readonly string[]>> = {
  'apps/Deployment': template,
  'apps/StatefulSet': template,
  'apps/DaemonSet': template,
  'apps/ReplicaSet': template,
  'batch/Job': template,
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
  Pod: [],
};

/** All pods of the tree, whatever makes them. */
export const podsOf = oncePerTree((tree): readonly Pod[] =>
  Object.entries(templates).flatMap(([kind, path]) =>
    tree.of(kind).map((root) => podOf(root, root.at(...path))),
  ),
);

function podOf(workload: Field, pod: Field): Pod {
  const containers = pod.at('spec', 'containers').items();
  return {
    workload,
    namespace: namespaceOf(workload),
    template: pod,
    spec: pod.at('spec'),
    labels: stringMap(pod.at('metadata', 'labels')),
    containers,
    allContainers: [...containers, ...pod.at('spec', 'initContainers').items()],
  };
}

/** The entries of a map whose values are strings: labels, annotations, selectors. */
export function stringMap(field: Field): ReadonlyMap<string, string> {
  return new Map(
    field.entries().flatMap(([key, { text }]) => (text === undefined ? [] : [[key, text] as const])),
  );
}

/** Name of a container, volume or port. */
export function itemName(item: Field): string {
  return item.at('name').text ?? '';
}

/** The field of a container's security context, or the pod's where the container says nothing. */
export function securityField(pod: Pod, container: Field, ...path: readonly string[]): Field {
  const own = container.at('securityContext', ...path);
  const shared = pod.spec.at('securityContext', ...path);
  return !own.exists && shared.exists ? shared : own;
}

/** The environment of a container by name: the `value` field, absent for one that comes from elsewhere. */
export function environmentOf(container: Field): ReadonlyMap<string, Field> {
  return new Map(
    container
      .at('env')
      .items()
      .map((entry) => [itemName(entry), entry.at('value')]),
  );
}

/** A port that a container declares. */
export interface ContainerPort {
  readonly field: Field;
  readonly container: Field;
  readonly name: string | undefined;
  readonly number: number | undefined;
  readonly protocol: string;
}

/** All ports that containers declare. */
export function portsOf(containers: readonly Field[]): readonly ContainerPort[] {
  return containers.flatMap((container) =>
    container
      .at('ports')
      .items()
      .map((field) => ({
        field,
        container,
        name: field.at('name').text,
        number: field.at('containerPort').number,
        protocol: field.at('protocol').text ?? 'TCP',
      })),
  );
}

/** The declared port that a name or number means, if there is one. */
export function findPort(
  ports: readonly ContainerPort[],
  port: unknown,
  protocol = 'TCP',
): ContainerPort | undefined {
  return ports.find(
    (candidate) => (candidate.name === port || candidate.number === port) && candidate.protocol === protocol,
  );
}

/** Volumes of a pod by name; a StatefulSet's claim templates count. */
export function volumesOf(pod: Pod): ReadonlyMap<string, Field> {
  const claims = pod.workload.at('spec', 'volumeClaimTemplates').items();
  return new Map([
    ...claims.map((claim) => [claim.at('metadata', 'name').text ?? '', claim] as const),
    ...pod.spec
      .at('volumes')
      .items()
      .map((volume) => [itemName(volume), volume] as const),
  ]);
}

/** The mount that a path lies on, the innermost one. */
export function mountOf(container: Field, path: string): Field | undefined {
  return container
    .at('volumeMounts')
    .items()
    .filter((mount) => `${path}/`.startsWith(`${mount.at('mountPath').text?.replace(/\/$/, '')}/`))
    .toSorted((a, b) => (b.at('mountPath').text?.length ?? 0) - (a.at('mountPath').text?.length ?? 0))[0];
}

/** Names of the Secrets that a volume holds, alone or projected. */
export function secretsOfVolume(volume: Field): readonly string[] {
  const projected = volume.at('projected', 'sources').items();
  return [
    volume.at('secret', 'secretName'),
    ...projected.map((source) => source.at('secret', 'name')),
  ].flatMap(({ text }) => text ?? []);
}
