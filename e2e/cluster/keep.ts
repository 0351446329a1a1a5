import { NAMESPACE } from '../../app/environment.ts';
import { at } from './api.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Host } from './host.ts';

/** Tells how to use a cluster that is left running. */
export async function invitation(host: Host, { api, kubeconfig }: ControlPlane): Promise<string> {
  const service = await api.get({
    apiVersion: 'v1',
    kind: 'Service',
    name: 'email-relay',
    namespace: NAMESPACE,
  });
  const address = String(at(service, 'spec', 'clusterIP'));
  const kubectl = await host.tool('kubectl');
  return `
The cluster is left running. Nothing leaves this machine: Microsoft Graph is a stand-in.

  KUBECONFIG=${kubeconfig} ${kubectl} get all --namespace ${NAMESPACE}
  send mail to  ${address}:25, as the settings allow: booking@example.com to you@good.example
  look at it    http://${address}:8025 (in the published example: admin, email-relay-example)

Ctrl-C takes it down.
`;
}
