/**
 * The time of this turn of the event loop. Every command and reply moves a time-out; to read the clock for each costs
 * as much as to read the command, and a turn is short.
 */
let known: number | undefined;

/** Milliseconds of a clock that never goes back, as performance.now(). */
export function turnTime(): number {
  if (known === undefined) {
    known = performance.now();
    setImmediate(forget);
  }
  return known;
}

function forget(): void {
  known = undefined;
}
