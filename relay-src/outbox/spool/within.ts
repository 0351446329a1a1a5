import { SpoolError } from './errors.ts';

/**
 * Rejects with SpoolError if `work` takes longer: a disk may hang for ever, and whoever asked must hear something.
 * `work` itself goes on; `onLate` tells it that nobody waits any more.
 */
export function within<T>(milliseconds: number, work: Promise<T>, onLate?: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => {
        onLate?.();
        reject(new SpoolError('trouble', 'the disk is too slow'));
      },
      Math.max(0, milliseconds),
    );
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
    };
    work.then(
      (value) => done(() => resolve(value)),
      (error: unknown) => done(() => reject(error)),
    );
  });
}
