/** A program that is measured, and where it finds the others. */
import { spawnSync } from 'node:child_process';
import type { Command } from '../program.ts';
import type { Workload } from '../workloads.ts';

/** All on loopback. */
export interface Site {
  /** An empty folder for this one start. */
  readonly folder: string;
  readonly listenPort: number;
  readonly metricsPort: number;
  readonly upstreamPort: number;
  readonly dns: { readonly address: string; readonly port: number };
}

export interface Peer {
  readonly name: string;
  readonly what: string;
  /** Makes it ready, once. */
  prepare(): Promise<Readiness>;
  can(workload: Workload): boolean;
  /** How it is started, in the foreground; undefined: nothing stands between the load and the sink. */
  start: ((site: Site) => Command) | undefined;
}

/** Its version as people write it, or why it cannot run here. */
export type Readiness = { readonly version: string } | { readonly missing: string };

/** The version that a command prints, the first group of `pattern`; or how to get it. */
export function versionOf(
  command: string,
  args: readonly string[],
  pattern: RegExp,
  hint: string,
): Readiness {
  const { error, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined) return { missing: hint };
  return { version: pattern.exec(stdout)?.[1] ?? '?' };
}
