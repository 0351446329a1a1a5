import { ApiObject } from 'cdk8s';
import type { IImagePolicy } from '@kubernetes-models/flux-cd/image.toolkit.fluxcd.io/v1/ImagePolicy';
import type { IImageRepository } from '@kubernetes-models/flux-cd/image.toolkit.fluxcd.io/v1/ImageRepository';
import type { IImageUpdateAutomation } from '@kubernetes-models/flux-cd/image.toolkit.fluxcd.io/v1/ImageUpdateAutomation';
import type { Construct } from 'constructs';

export interface ScannedImageProps {
  /** Name of the image, and of its ImageRepository. */
  readonly name: string;
  readonly namespace: string;
  /** Registry and path, without a tag. */
  readonly repository: string;
  /** Environment: the prefix of the tags, `<environment>-YYYYMMDD.N`. */
  readonly environment: string;
  /** Secret of type dockerconfigjson for listing the tags. */
  readonly scanSecret?: string;
  readonly interval: string;
}

/** Name of the policy that chooses an image's newest tag. */
export function policyName(image: string, environment: string): string {
  return `${image}-${environment}-policy`;
}

/** Tags of an environment: a date and a number without leading zeros, as the policy's filter accepts them. */
export function tagPattern(environment: string): string {
  return `^${environment}-(?P<date>\\d{8})\\.(?P<n>0|[1-9]\\d*)$`;
}

/** Lists an image's tags and chooses the newest: by date, then by number, so that `.10` comes after `.9`. */
export class ScannedImage {
  readonly repository: ApiObject;
  readonly policy: ApiObject;

  constructor(scope: Construct, props: ScannedImageProps) {
    const { name, namespace } = props;
    this.repository = new ApiObject(scope, `${name}-repository`, {
      apiVersion: 'image.toolkit.fluxcd.io/v1',
      kind: 'ImageRepository',
      metadata: { name, namespace },
      spec: {
        image: props.repository,
        ...(props.scanSecret === undefined ? {} : { secretRef: { name: props.scanSecret } }),
        interval: props.interval,
      },
    } satisfies IImageRepository);
    this.policy = new ApiObject(scope, `${name}-policy`, {
      apiVersion: 'image.toolkit.fluxcd.io/v1',
      kind: 'ImagePolicy',
      metadata: { name: policyName(name, props.environment), namespace },
      spec: {
        imageRepositoryRef: { name },
        // As a semantic version: numerical and alphabetical order both get `.10` wrong. `$date`, never `${date}`:
        // a post-build substitution would eat the latter.
        filterTags: { pattern: tagPattern(props.environment), extract: '$date.$n.0' },
        policy: { semver: { range: '>=20200101.0.0' } },
        digestReflectionPolicy: 'IfNotPresent',
      },
    } satisfies IImagePolicy);
  }
}

export interface ImageAutomationProps {
  readonly name: string;
  readonly namespace: string;
  /** Name of the GitRepository in the same namespace. */
  readonly source: string;
  /** Branch that is checked out and pushed to. */
  readonly branch: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly interval: string;
}

/** Commits each new choice to every marked line of the repository, sources and rendered files alike. */
export class ImageAutomation extends ApiObject {
  constructor(scope: Construct, id: string, props: ImageAutomationProps) {
    super(scope, id, {
      apiVersion: 'image.toolkit.fluxcd.io/v1',
      kind: 'ImageUpdateAutomation',
      metadata: { name: props.name, namespace: props.namespace },
      spec: {
        sourceRef: { kind: 'GitRepository', name: props.source },
        interval: props.interval,
        git: {
          checkout: { ref: { branch: props.branch } },
          commit: {
            author: props.author,
            messageTemplate: 'Bump{{ range .Changed.Changes }} {{ .NewValue }}{{ end }}\n',
          },
          push: { branch: props.branch },
        },
        update: { path: './', strategy: 'Setters' },
      },
    } satisfies IImageUpdateAutomation);
  }
}
