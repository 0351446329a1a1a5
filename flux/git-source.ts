import { ApiObject } from 'cdk8s';
import type { IGitRepository } from '@kubernetes-models/flux-cd/source.toolkit.fluxcd.io/v1/GitRepository';
import type { Construct } from 'constructs';

export interface GitSourceProps {
  readonly name: string;
  readonly namespace: string;
  readonly url: string;
  readonly branch: string;
  /** Secret with the credentials; a public repository needs none. */
  readonly secret?: string;
  readonly interval: string;
}

/** This repository, of which the cluster sees `dist/` only. */
export class GitSource extends ApiObject {
  constructor(scope: Construct, id: string, props: GitSourceProps) {
    super(scope, id, {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata: { name: props.name, namespace: props.namespace },
      spec: {
        url: props.url,
        ref: { branch: props.branch },
        ...(props.secret === undefined ? {} : { secretRef: { name: props.secret } }),
        interval: props.interval,
        timeout: '60s',
        // Replaces the default exclusions, and leaves an artifact that changes only when what runs does.
        ignore: '/*\n!/dist\n',
      },
    } satisfies IGitRepository);
  }
}
