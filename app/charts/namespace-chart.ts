import type { Construct } from 'constructs';
import { relayNamespace } from '../../constructs/relay-namespace.ts';
import { type Environment, fluxLabels, NAMESPACE } from '../environment.ts';
import { appliedKinds, TenantAccount } from '../../flux/tenant-account.ts';
import { FolderChart } from './folder-chart.ts';

/** `k8s/<environment>/ns`: what everything else waits for; for a tenant, what an administrator applies. */
export class NamespaceChart extends FolderChart {
  constructor(scope: Construct, environment: Environment) {
    const { settings } = environment;
    super(scope, 'namespace', `k8s/${environment.name}/ns`, environment.file, fluxLabels(settings));
    this.manifest('00-namespace.yaml', 'constructs/relay-namespace.ts', relayNamespace(this, NAMESPACE));
    if (settings.flux.profile === 'tenant') {
      const kinds = appliedKinds({
        monitoring: settings.monitoring.kind === 'operator',
        imageAutomation: settings.imageAutomation === 'on',
      });
      const account = new TenantAccount(this, 'tenant', { namespace: NAMESPACE, kinds });
      this.manifest('10-tenant.yaml', 'flux/tenant-account.ts', ...account.objects);
    }
  }
}
