import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { until } from '../up/until.ts';
import { KubeApi } from './api.ts';
import { flags } from './host.ts';
import type { Host } from './host.ts';

export interface ControlPlane {
  readonly api: KubeApi;
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** The certificate that the API server made for itself, which is its own authority. */
  readonly ca: string;
  readonly serviceAccountKey: string;
}

export interface ControlPlaneOptions {
  /** Where the API server listens; pods must reach it where there are any. */
  readonly address: string;
  /** Addresses of Services, in CIDR notation. */
  readonly serviceNetwork: string;
}

/**
 * Starts etcd, the API server and the controller manager. They listen on this machine only, and forget all in
 * the end, so etcd does not wait for the disk.
 */
export async function startControlPlane(host: Host, options: ControlPlaneOptions): Promise<ControlPlane> {
  const { address, serviceNetwork } = options;
  const folder = host.path('control-plane');
  const [clients, peers] = [await host.port('etcd'), await host.port("etcd's peers")];
  const etcdUrl = `http://127.0.0.1:${clients}`;
  const peerUrl = `http://127.0.0.1:${peers}`;
  host.start(
    'etcd',
    await host.tool('etcd'),
    flags({
      'data-dir': join(folder, 'etcd'),
      'unsafe-no-fsync': true,
      'log-level': 'warn',
      'listen-client-urls': etcdUrl,
      'advertise-client-urls': etcdUrl,
      'listen-peer-urls': peerUrl,
      'initial-advertise-peer-urls': peerUrl,
      'initial-cluster': `default=${peerUrl}`,
    }),
  );

  const serviceAccountKey = join(folder, 'service-accounts.pem');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(serviceAccountKey, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const token = randomBytes(24).toString('base64url');
  const tokens = join(folder, 'tokens.csv');
  writeFileSync(tokens, `${token},admin,admin,system:masters\n`, { mode: 0o600 });

  const port = await host.port('the API server');
  const certificates = join(folder, 'certificates');
  const server = `https://${address}:${port}`;
  const apiServer = host.start(
    'kube-apiserver',
    await host.tool('kube-apiserver'),
    flags({
      'etcd-servers': etcdUrl,
      'cert-dir': certificates,
      'bind-address': address,
      'advertise-address': address,
      'secure-port': port,
      'service-cluster-ip-range': serviceNetwork,
      'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
      'service-account-key-file': serviceAccountKey,
      'service-account-signing-key-file': serviceAccountKey,
      'token-auth-file': tokens,
      'authorization-mode': 'RBAC',
      'allow-privileged': true,
      'kubelet-preferred-address-types': 'InternalIP',
    }),
  );

  const ca = join(certificates, 'apiserver.crt');
  // The key is written after the certificate, which is whole by then.
  const key = join(certificates, 'apiserver.key');
  await until('the certificate of the API server', async () => existsSync(key) || undefined, {
    seconds: 60,
    of: apiServer,
  });
  const api = new KubeApi({ server, ca: readFileSync(ca), token });
  host.undo.add('close connections to the API server', async () => api.close());
  await until('the API server', () => api.ready(), { seconds: 60, of: apiServer });

  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigText({ server, ca, token }), { mode: 0o600 });
  host.start(
    'kube-controller-manager',
    await host.tool('kube-controller-manager'),
    flags({
      kubeconfig,
      'leader-elect': false,
      'secure-port': 0,
      'root-ca-file': ca,
      'service-account-private-key-file': serviceAccountKey,
      'use-service-account-credentials': false,
      controllers: '*,-resourcequota-controller',
    }),
  );
  return { api, kubeconfig, ca, serviceAccountKey };
}

function kubeconfigText({ server, ca, token }: { server: string; ca: string; token: string }): string {
  const name = 'email-relay-e2e';
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority': ca } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
