import * as mxValidator from '../../relay-src/mx-validator/contract.ts';
import * as outbox from '../../relay-src/outbox/contract.ts';
import type { Rendered } from './deployment.ts';

/** One of our programs, and what its image promises beside running it. */
export interface Program {
  /** Of the folder in relay-src/, the image, the bundle in it and the container. */
  readonly name: 'mx-validator' | 'outbox';
  readonly exposedPorts: readonly number[];
  /** Executables in the image beside node and its libraries. */
  readonly commands: readonly string[];
  readonly metricsPort: number;
  readonly paths: Readonly<Record<'metrics' | 'live' | 'ready', string>>;
  readonly metrics: Readonly<Record<string, string>>;
  /** How it is run with a configuration that it refuses, and what it then says. */
  readonly misconfigured: (rendered: Rendered) => { readonly rendered: Rendered; readonly says: RegExp };
}

const { environment } = mxValidator;

export const programs: readonly Program[] = [
  {
    name: 'mx-validator',
    exposedPorts: [mxValidator.ports.smtp, mxValidator.ports.metrics],
    commands: [],
    metricsPort: mxValidator.ports.metrics,
    paths: mxValidator.paths,
    metrics: mxValidator.metrics,
    misconfigured: (rendered) => ({
      rendered: { ...rendered, env: { ...rendered.env, [environment.upstreamPort]: 'none' } },
      says: /UPSTREAM_PORT="none"/,
    }),
  },
  {
    name: 'outbox',
    exposedPorts: [outbox.ports.metrics],
    commands: ['app/outbox.mjs'],
    metricsPort: outbox.ports.metrics,
    paths: outbox.paths,
    metrics: outbox.metrics,
    misconfigured: (rendered) => ({
      rendered: {
        ...rendered,
        mounts: new Map([...rendered.mounts].filter(([name]) => name !== 'outbox-config')),
      },
      says: /outbox\.yaml: cannot be read/,
    }),
  },
];
