import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IPodSecurityContext } from 'kubernetes-models/v1/PodSecurityContext';

/** Uid and gid of every process; also the group of the volumes' files. Numeric, so that the kubelet can tell that it is not root. */
const USER = 10001;

/** The pod's half of Pod Security `restricted`. */
export const podSecurity: IPodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  // A recursive chown of a large volume at each start would outlast the startup probe.
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
};

export interface ContainerResources {
  readonly requests: { readonly cpu: string; readonly memory: string };
  readonly limits: { readonly cpu: string; readonly memory: string };
}

/** A container with the container's half of Pod Security `restricted`, a read-only root file system and stated resources. */
export function hardenedContainer(container: IContainer & { resources: ContainerResources }): IContainer {
  return {
    imagePullPolicy: 'IfNotPresent',
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    ...container,
  };
}

/** Environment variables from a record; a value that is undefined leaves its variable out. */
export function environmentVariables(
  values: Readonly<Record<string, string | undefined>>,
): IContainer['env'] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}
