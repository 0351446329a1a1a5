import { App } from 'cdk8s';
import type { Construct } from 'constructs';
import type { TreeFile } from '../render/tree.ts';
import { ClusterChart } from './charts/cluster-chart.ts';
import type { FolderChart } from './charts/folder-chart.ts';
import { ImageAutomationChart } from './charts/image-automation-chart.ts';
import { NamespaceChart } from './charts/namespace-chart.ts';
import { RelayChart } from './charts/relay-chart.ts';
import type { Environment } from './environment.ts';

type ChartOf = new (scope: Construct, environment: Environment) => FolderChart;

/** All files of an environment, as objects. */
export function renderEnvironment(environment: Environment): TreeFile[] {
  const app = new App();
  const charts: ChartOf[] = [NamespaceChart, RelayChart, ClusterChart];
  if (environment.settings.imageAutomation === 'on') charts.push(ImageAutomationChart);
  return charts.flatMap((chart) => new chart(app, environment).files());
}
