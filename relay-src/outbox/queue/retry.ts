/** When a message, or a mailbox, is tried again. */
import type { Config } from '../config.ts';

export interface Retry extends Readonly<Config['retry']> {
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** What comes back at one moment must not come back at one moment again. */
const jitter = 0.2;

/** A Retry-After beyond this is taken for a mistake, in milliseconds. */
const mostPatience = 86_400_000;

/** The wait after `failures` failed attempts, in milliseconds: it doubles up to the longest, give or take a fifth. */
export function backOff({ first, longest, random }: Retry, failures: number): number {
  const wait = Math.min(longest, first * 2 ** Math.min(failures - 1, 30));
  return wait * (1 + jitter * (2 * random() - 1));
}

/** The moment that the next hop named, if it is one to wait for. */
export function named(notBefore: number | undefined, now: number): number | undefined {
  return notBefore === undefined || notBefore <= now ? undefined : Math.min(notBefore, now + mostPatience);
}
