import type { Construct } from 'constructs';
import { relayNamespace } from '../../constructs/relay-namespace.ts';
import { type Environment, NAMESPACE } from '../environment.ts';
import { FolderChart } from './folder-chart.ts';

/** `k8s/<environment>/ns`: the namespace alone, which everything else waits for. */
export class NamespaceChart extends FolderChart {
  constructor(scope: Construct, environment: Environment) {
    super(scope, 'namespace', `k8s/${environment.name}/ns`, environment.file);
    this.manifest('00-namespace.yaml', 'constructs/relay-namespace.ts', relayNamespace(this, NAMESPACE));
  }
}
