import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';

/** Name of the service account that a tenant's Kustomizations apply with. */
export const tenantAccount = 'email-relay-flux';

/** Kinds that a role names together: the plural of each, by API group. */
export interface Kinds {
  readonly apiGroup: string;
  readonly resources: readonly string[];
}

/** What the Kustomizations of the relay apply. */
export function appliedKinds(having: {
  readonly monitoring: boolean;
  readonly imageAutomation: boolean;
}): Kinds[] {
  const of = (apiGroup: string, ...resources: string[]): Kinds => ({ apiGroup, resources });
  return [
    of('', 'configmaps', 'persistentvolumeclaims', 'secrets', 'services'),
    of('apps', 'deployments'),
    of('networking.k8s.io', 'networkpolicies'),
    of('kustomize.toolkit.fluxcd.io', 'kustomizations'),
    of('source.toolkit.fluxcd.io', 'gitrepositories'),
    ...(having.monitoring ? [of('monitoring.coreos.com', 'prometheusrules', 'servicemonitors')] : []),
    ...(having.imageAutomation
      ? [of('image.toolkit.fluxcd.io', 'imagepolicies', 'imagerepositories', 'imageupdateautomations')]
      : []),
  ];
}

const WRITE = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

/** What is read to tell whether a Deployment is ready. */
const READ_ONLY: Kinds[] = [
  { apiGroup: '', resources: ['pods'] },
  { apiGroup: 'apps', resources: ['replicasets'] },
];

/**
 * The service account of a tenant, and what it may do: write the kinds that its Kustomizations apply, in its own
 * namespace and nowhere else. It may give nobody rights, and may not run or look into a container.
 */
export class TenantAccount extends Construct {
  readonly objects: readonly ApiObject[];

  constructor(
    scope: Construct,
    id: string,
    props: { readonly namespace: string; readonly kinds: readonly Kinds[] },
  ) {
    super(scope, id);
    const metadata = { name: tenantAccount, namespace: props.namespace };
    const rule =
      (verbs: readonly string[]) =>
      ({ apiGroup, resources }: Kinds) => ({
        apiGroups: [apiGroup],
        resources,
        verbs,
      });
    this.objects = [
      new ApiObject(this, 'account', { apiVersion: 'v1', kind: 'ServiceAccount', metadata }),
      new ApiObject(this, 'role', {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata,
        rules: [...props.kinds.map(rule(WRITE)), ...READ_ONLY.map(rule(['get', 'list', 'watch']))],
      }),
      new ApiObject(this, 'binding', {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: tenantAccount },
        subjects: [{ kind: 'ServiceAccount', ...metadata }],
      }),
    ];
  }
}
