import { setTimeout as delay } from 'node:timers/promises';

const pollMilliseconds = 50;

/** Something that may end while we wait for it. */
interface Ending {
  readonly name: string;
  readonly ended: Promise<string>;
}

/**
 * Asks again and again until `probe` gives a value; a probe that throws counts as "not yet".
 *
 * @param what completes the sentence "waited 15 s for …".
 * @param of the program that is waited for: when it ends there is no point in waiting longer.
 * @throws {Error} when the time is over, with the last reason, or the program has ended.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  { seconds = 15, of }: { seconds?: number; of?: Ending } = {},
): Promise<T> {
  let end: string | undefined;
  void of?.ended.then((how) => (end = how));
  let reason = 'not yet';
  for (const deadline = performance.now() + seconds * 1000; performance.now() < deadline;) {
    if (end !== undefined) throw new Error(`${of?.name} ended while we waited for ${what}: ${end}`);
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    await delay(pollMilliseconds);
  }
  throw new Error(`waited ${seconds} s for ${what}: ${reason}`);
}

/** A probe for a path that answers 2xx over HTTP. */
export function answers(url: string): () => Promise<true | undefined> {
  return async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`${url} answers ${response.status}`);
    return true;
  };
}
