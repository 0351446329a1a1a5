import { itemName, type Pod, podsOf } from '../../../checks/pod.ts';
import type { Tree } from '../../../checks/tree.ts';
import {
  changed,
  type ConsequenceKind,
  type Context,
  type Found,
  kindOf,
  rootOf,
  show,
  objectKey,
} from '../consequence.ts';

const PRUNE = 'kustomize.toolkit.fluxcd.io/prune';

/** How to see that a queue is empty, by the container that keeps it. */
const EMPTY_QUEUE: Readonly<Record<string, string>> = {
  smtp2graph:
    'kubectl -n NAMESPACE exec deploy/NAME -c smtp2graph -- find /data/mailroot/queue /data/mailroot/failed -type f',
  outbox: 'outbox_messages of its metrics, all states 0',
};

/** Data that is deleted, or that nobody looks at any more. */
export const dataLoss: ConsequenceKind = {
  id: 'data-loss',
  title: 'mail or other data is deleted, or left where nobody looks',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#prune',
  transition: true,
  *find(context) {
    yield* removedClaims(context);
    yield* claimsLeft(context);
    yield* shorterRetention(context);
  },
};

function* removedClaims(context: Context): Iterable<Found> {
  for (const change of context.changes) {
    const kind = kindOf(change);
    if (change.kind !== 'removed' || !['PersistentVolumeClaim', 'Namespace'].includes(kind)) continue;
    const root = rootOf(context.before, change.before);
    const kept = root?.at('metadata', 'annotations', PRUNE).text === 'disabled';
    const what = kind === 'Namespace' ? 'the namespace with everything in it' : 'the claim';
    yield kept
      ? {
          weight: 'caution',
          object: change.key,
          fields: [],
          says: `leaves ${what} in the cluster without an owner (prune is disabled on it), with what is on it`,
          todo: 'Delete it by hand once what is on it is no longer needed.',
        }
      : {
          weight: 'danger',
          object: change.key,
          fields: [],
          says: `deletes ${what}: Flux prunes it, and with reclaim policy Delete the volume and its data go too`,
          todo: `First annotate the live object with ${PRUNE}=disabled, or copy the data.`,
        };
  }
}

/** Claims that a container mounted, and that none mounts now, or elsewhere. */
function* claimsLeft({ before, after }: Context): Iterable<Found> {
  const now = mountsOf(after.tree);
  const reported = new Set<string>();
  for (const mount of mountsOf(before.tree)) {
    const same = now.filter(({ claim }) => claim === mount.claim);
    if (same.some(({ place }) => place === mount.place) || reported.has(mount.claim)) continue;
    reported.add(mount.claim);
    const look = EMPTY_QUEUE[mount.container]
      ?.replace('NAMESPACE', mount.pod.namespace)
      .replace('NAME', mount.pod.workload.at('metadata', 'name').text ?? '');
    // Another program may take the queue over: outbox does with that of smtp2graph.
    const heirs = same
      .filter(({ container }) => container !== mount.container)
      .map(({ container }) => container);
    yield {
      weight: heirs.length > 0 ? 'caution' : 'danger',
      object: mount.key,
      fields: [],
      says:
        heirs.length > 0
          ? `container ${mount.container} gives the claim ${mount.claim} up to ${heirs.join(', ')}`
          : same.length > 0
            ? `container ${mount.container} mounts the claim ${mount.claim} at another place or path: what lies at ${mount.path} is out of its sight`
            : `no container mounts the claim ${mount.claim} any more: mail that lies in it is not delivered`,
      todo:
        heirs.length > 0
          ? `See that ${heirs.join(', ')} takes over what is in it${look === undefined ? '' : `; what is there: ${look}`}.`
          : look === undefined
            ? 'See first that nothing on it is needed, or move it.'
            : `First stop the applications and wait until the queue is empty: ${look}.${heirOf(mount, now)}`,
    };
  }
}

/** outbox delivers what smtp2graph left, when it is told to. */
function heirOf({ container }: Mount, now: readonly Mount[]): string {
  return container === 'smtp2graph' && now.some((mount) => mount.container === 'outbox')
    ? " Or set delivery.migrateFrom: 'smtp2graph', and outbox takes the queue over."
    : '';
}

interface Mount {
  readonly key: string;
  readonly pod: Pod;
  readonly container: string;
  readonly claim: string;
  readonly path: string;
  /** All that decides which files the container sees where. */
  readonly place: string;
}

function mountsOf(tree: Tree): Mount[] {
  return podsOf(tree).flatMap((pod) => {
    const claims = new Map(
      pod.spec
        .at('volumes')
        .items()
        .map((volume) => [itemName(volume), volume.at('persistentVolumeClaim', 'claimName').text] as const),
    );
    return pod.allContainers.flatMap((container) =>
      container
        .at('volumeMounts')
        .items()
        .flatMap((mount): Mount[] => {
          const claim = claims.get(itemName(mount));
          if (claim === undefined) return [];
          const path = mount.at('mountPath').text ?? '';
          const name = itemName(container);
          return [
            {
              key: objectKey(pod.workload),
              pod,
              container: name,
              claim,
              path,
              place: `${name} ${path} ${mount.at('subPath').text ?? ''}`,
            },
          ];
        }),
    );
  });
}

const RETENTION = /containers\[([^\]]*)\]\.env\[(MP_MAX_MESSAGES|MP_MAX_AGE)\]\.value$/;

/** Mailpit prunes within a minute what is over its limits. */
function* shorterRetention(context: Context): Iterable<Found> {
  for (const { change } of changed(context, 'apps/Deployment')) {
    for (const { field, before, after } of change.fields) {
      const name = RETENTION.exec(field)?.[2];
      const [from, to] = [measure(before), measure(after)];
      if (name === undefined || to === undefined || (from !== undefined && to >= from)) continue;
      yield {
        weight: 'caution',
        object: change.key,
        fields: [field],
        says: `Mailpit deletes what is over ${name} ${String(after)} (was ${show(before)}) within a minute of its start`,
        todo: 'Save copies that are still wanted first.',
      };
    }
  }
}

/** A count, or an age in hours. */
function measure(value: unknown): number | undefined {
  const match = /^(\d+)([hd]?)$/.exec(String(value));
  return match === null ? undefined : Number(match[1]) * (match[2] === 'd' ? 24 : 1);
}
