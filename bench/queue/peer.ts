/** A program that queues mail on disk, and what is measured of it. */
import type { Readiness } from '../peers/peer.ts';
import type { Command } from '../program.ts';

export interface Site {
  /** An empty folder for this one start, on the disk that is measured. */
  readonly folder: string;
  readonly listenPort: number;
}

export interface QueuePeer {
  readonly name: string;
  readonly what: string;
  /** Makes it ready, once. */
  prepare(): Promise<Readiness>;
  /** How it is started, in the foreground. */
  start(site: Site): Command;
  /** Messages in its queue, read from the disk; undefined if they leave it meanwhile. */
  queued(folder: string): number | undefined;
}
