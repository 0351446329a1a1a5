import { until } from '../../up/until.ts';
import { asKubeObject, at } from '../api.ts';
import type { KubeApi } from '../api.ts';

/** Test zones: one domain for each answer that mx-validator can get. Everything else does not exist. */
export function zones(internet: string): Readonly<Record<string, string>> {
  const zone = (origin: string, ...records: string[]): string =>
    [
      `$ORIGIN ${origin}.`,
      '@ 60 IN SOA ns hostmaster 1 60 60 60 60',
      '@ 60 IN NS ns',
      `ns 60 IN A ${internet}`,
      ...records,
      '',
    ].join('\n');
  const elsewhere = `@ 60 IN A ${internet}`;
  return {
    'good.example': zone('good.example', '@ 60 IN MX 10 mx', `mx 60 IN A ${internet}`),
    'null.example': zone('null.example', '@ 60 IN MX 0 .'),
    // The places that outbox sends to by default: here, the internet is the fake Graph.
    'login.microsoftonline.com': zone('login.microsoftonline.com', elsewhere),
    'graph.microsoft.com': zone('graph.microsoft.com', elsewhere),
  };
}

/** A domain whose name servers fail, so that nobody knows whether it takes mail. */
export const servfailDomain = 'trouble.example';

/** Runs CoreDNS as a pod with the labels that real clusters have, so that the rule for DNS is tried too. */
export async function startDns(
  api: KubeApi,
  { image, address, internet }: { image: string; address: string; internet: string },
): Promise<void> {
  for (const object of objects(image, address, zones(internet))) {
    await api.apply(asKubeObject(object), { manager: 'e2e', force: true });
  }
  const reference = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'coredns', namespace: 'kube-system' };
  await until(
    "the cluster's DNS",
    async () => (at(await api.get(reference), 'status', 'readyReplicas') === 1 ? true : undefined),
    { seconds: 60 },
  );
}

function objects(image: string, address: string, files: Readonly<Record<string, string>>): unknown[] {
  const namespace = 'kube-system';
  const labels = { 'k8s-app': 'kube-dns' };
  const metadata = { name: 'coredns', namespace };
  const role = { name: 'system:coredns' };
  const group = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRole',
      metadata: role,
      rules: [
        { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: role,
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: role.name },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { Corefile: corefile(Object.keys(files)), ...files },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace, labels },
      spec: {
        clusterIP: address,
        selector: labels,
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP' },
          { name: 'dns-tcp', port: 53, protocol: 'TCP' },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: 'coredns',
            dnsPolicy: 'Default',
            terminationGracePeriodSeconds: 0,
            containers: [
              {
                name: 'coredns',
                image,
                args: ['-conf', '/etc/coredns/Corefile'],
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
                },
                readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
                volumeMounts: [{ name: 'configuration', mountPath: '/etc/coredns' }],
              },
            ],
            volumes: [{ name: 'configuration', configMap: { name: 'coredns' } }],
          },
        },
      },
    },
  ];
}

function corefile(domains: readonly string[]): string {
  const block = (names: string, ...plugins: string[]): string =>
    `${names} {\n${plugins.map((line) => `  ${line}\n`).join('')}}\n`;
  return [
    block('.:53', 'errors', 'health :8080', 'ready :8181', 'template IN ANY . {', '  rcode NXDOMAIN', '}'),
    block('cluster.local:53 in-addr.arpa:53', 'errors', 'kubernetes cluster.local in-addr.arpa'),
    block(`${servfailDomain}:53`, 'template IN ANY . {', '  rcode SERVFAIL', '}'),
    ...domains.map((domain) => block(`${domain}:53`, `file /etc/coredns/${domain}`)),
  ].join('');
}
