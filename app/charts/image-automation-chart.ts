import type { Construct } from 'constructs';
import { ImageAutomation, ScannedImage } from '../../flux/image-automation.ts';
import { type Environment, fluxLabels, fluxNamespace } from '../environment.ts';
import { ownImages } from '../images.ts';
import { clusterFolder } from './cluster-chart.ts';
import { FolderChart } from './folder-chart.ts';

/** `clusters/<cluster>/email-relay/<environment>`: bumps our own images; apart, since not every cluster has the controllers. */
export class ImageAutomationChart extends FolderChart {
  constructor(scope: Construct, environment: Environment) {
    const { name, settings } = environment;
    const folder = `${clusterFolder(settings.cluster.name)}/${name}`;
    super(scope, 'images', folder, environment.file, fluxLabels(settings));
    const { registry, flux, git } = settings;
    const namespace = fluxNamespace(settings);
    const images = ownImages(settings.delivery.kind).map(
      (image) =>
        new ScannedImage(this, {
          name: image,
          namespace,
          repository: `${registry.prefix}/${image}`,
          environment: name,
          ...(registry.scanSecret === undefined ? {} : { scanSecret: registry.scanSecret }),
          interval: flux.intervals.images,
        }),
    );
    const automation = new ImageAutomation(this, 'automation', {
      name: `email-relay-${name}`,
      namespace,
      source: 'email-relay',
      branch: git.branch,
      author: flux.author,
      interval: flux.intervals.apply,
    });
    this.manifest(
      'image-automation.yaml',
      'flux/image-automation.ts',
      ...images.flatMap(({ repository, policy }) => [repository, policy]),
      automation,
    );
  }
}
