import { type ApiObject, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { markersOf, markerText } from '../../flux/setter-marker.ts';
import { kustomization } from '../../render/kustomization.ts';
import type { KubeObject, Marker, TreeFile } from '../../render/tree.ts';

/** An encrypted Secret of the repository. */
export interface SecretFile {
  /** Relative to the repository, with `/`. */
  readonly source: string;
  readonly bytes: Uint8Array;
}

/** One folder of `dist/`: its files in order, and the kustomization.yaml that lists exactly them. */
export abstract class FolderChart extends Chart {
  readonly #files: TreeFile[] = [];
  readonly #folder: string;
  readonly #environmentFile: string;

  /**
   * @param folder relative to `dist/`
   * @param environmentFile where a person changes what these files say
   * @param labels of every object in it, where these do not say their own
   */
  constructor(
    scope: Construct,
    id: string,
    folder: string,
    environmentFile: string,
    labels: Readonly<Record<string, string>> = {},
  ) {
    super(scope, id, { labels });
    this.#folder = folder;
    this.#environmentFile = environmentFile;
  }

  /** Puts objects into a file; `source` is the file of the repository that makes them. */
  protected manifest(name: string, source: string, ...objects: ApiObject[]): void {
    const json = objects.map((object): KubeObject => object.toJson());
    this.#files.push(this.#file(name, source, json, objects.flatMap(imageMarkers)));
  }

  /** Copies an encrypted Secret byte for byte. */
  protected secret(name: string, { source, bytes }: SecretFile): void {
    this.#files.push({ kind: 'copy', path: `${this.#folder}/${name}`, source, bytes });
  }

  /** All files, the index first. */
  files(): TreeFile[] {
    const names = this.#files.map((file) => file.path.slice(this.#folder.length + 1));
    const index = this.#file('kustomization.yaml', 'render/kustomization.ts', [kustomization(names)], []);
    return [index, ...this.#files];
  }

  #file(name: string, source: string, objects: KubeObject[], markers: Marker[]): TreeFile {
    const path = `${this.#folder}/${name}`;
    return {
      kind: 'manifests',
      path,
      source,
      edit: `${this.#environmentFile} or ${source}`,
      objects,
      markers,
    };
  }
}

function imageMarkers(object: ApiObject, index: number): Marker[] {
  return markersOf(object).map((marker) => ({
    object: index,
    path: ['spec', 'template', 'spec', 'containers', { name: marker.container }, 'image'],
    comment: markerText(marker),
  }));
}
