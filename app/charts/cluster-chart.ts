import type { Construct } from 'constructs';
import { GitSource } from '../../flux/git-source.ts';
import { FluxKustomization } from '../../flux/kustomization.ts';
import { type Environment, fluxLabels, fluxNamespace } from '../environment.ts';
import { tenantAccount } from '../../flux/tenant-account.ts';
import { FolderChart } from './folder-chart.ts';

/** Secret in the Flux namespace with the private age key, made once per cluster by hand. */
const AGE_SECRET = 'sops-age';

/** What makes the namespace. */
const NAMESPACE_KUSTOMIZATION = 'email-relay-ns';

/** `clusters/<cluster>/email-relay`: what makes Flux apply everything else. */
export class ClusterChart extends FolderChart {
  constructor(scope: Construct, environment: Environment) {
    const { name, settings } = environment;
    const folder = clusterFolder(settings.cluster.name);
    super(scope, 'cluster', folder, environment.file, fluxLabels(settings));
    const { url, branch, secret } = settings.git;
    const { intervals, selfApply } = settings.flux;
    const tenant = settings.flux.profile === 'tenant';

    const source = new GitSource(this, 'source', {
      name: 'email-relay',
      namespace: fluxNamespace(settings),
      url,
      branch,
      ...(secret === 'none' ? {} : { secret }),
      interval: intervals.source,
    });
    const common = {
      namespace: source.metadata.namespace ?? '',
      source: source.name,
      ...(tenant ? { serviceAccount: tenantAccount } : {}),
      wait: true,
      interval: intervals.apply,
      retryInterval: intervals.retry,
      timeout: '3m',
    };
    const relay = new FluxKustomization(this, 'app', {
      ...common,
      name: 'email-relay-app',
      path: `./dist/k8s/${name}`,
      prune: true,
      // A tenant's namespace is there before anything of Flux can be in it.
      ...(tenant ? {} : { dependsOn: [NAMESPACE_KUSTOMIZATION] }),
      decryptWith: AGE_SECRET,
      // A cold node pulls three images and binds two claims.
      timeout: '10m',
    });

    this.manifest('source.yaml', 'flux/git-source.ts', source);
    if (!tenant) {
      const namespace = new FluxKustomization(this, 'ns', {
        ...common,
        name: NAMESPACE_KUSTOMIZATION,
        path: `./dist/k8s/${name}/ns`,
        prune: true,
        // The namespace holds the claims, and these hold the mail.
        onDelete: 'Orphan',
      });
      this.manifest('00-kustomization-ns.yaml', 'flux/kustomization.ts', namespace);
    }
    this.manifest('10-kustomization-app.yaml', 'flux/kustomization.ts', relay);
    if (selfApply) {
      const itself = new FluxKustomization(this, 'flux', {
        ...common,
        name: 'email-relay-flux',
        path: `./dist/${folder}`,
        // It is in its own folder: it would delete itself, and wait for itself.
        prune: false,
        wait: false,
      });
      this.manifest('20-kustomization-flux.yaml', 'flux/kustomization.ts', itself);
    }
    if (settings.imageAutomation === 'on') {
      const images = new FluxKustomization(this, 'images', {
        ...common,
        name: 'email-relay-images',
        path: `./dist/${folder}/${name}`,
        prune: true,
      });
      this.manifest('30-kustomization-images.yaml', 'flux/kustomization.ts', images);
    }
  }
}

/** The folder of a cluster in `dist/`. */
export function clusterFolder(cluster: string): string {
  return `clusters/${cluster}/email-relay`;
}
