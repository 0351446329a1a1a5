import { flags } from '../host.ts';
import type { Running } from '../../up/process.ts';
import type { Host } from '../host.ts';

/** Flux's own kustomize-controller as a process. @param lockDown flags for a cluster with tenants */
export async function startKustomizeController(
  host: Host,
  kubeconfig: string,
  lockDown: Readonly<Record<string, string | boolean>> = {},
): Promise<Running> {
  const [metrics, health] = [await host.port('its metrics'), await host.port('its health')];
  return host.start(
    'kustomize-controller',
    await host.tool('kustomize-controller'),
    flags({
      'watch-all-namespaces': true,
      'enable-leader-election': false,
      // How soon a Kustomization looks again for what it depends on; by default half a minute.
      'requeue-dependency': '1s',
      'metrics-addr': `127.0.0.1:${metrics}`,
      'health-addr': `127.0.0.1:${health}`,
      ...lockDown,
    }),
    { KUBECONFIG: kubeconfig, RUNTIME_NAMESPACE: 'flux-system', TMPDIR: host.path('kustomize-controller') },
  );
}
