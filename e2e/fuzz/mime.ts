/** The property tests of the calendar cutter, which are there already, for as long as there is time. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const tests = 'relay-src/mx-validator/calendar/cutter.property';

/** How much longer than in `npm test` one round looks: about ten seconds. */
const scale = 5;

/** Rounds with other random messages each, one at least. Resolves with the output of a round that failed. */
export async function fuzzMime(
  milliseconds: number,
): Promise<{ rounds: number; failure: string | undefined }> {
  const deadline = performance.now() + milliseconds;
  for (let rounds = 1; ; rounds += 1) {
    const failure = await round();
    if (failure !== undefined || performance.now() >= deadline) return { rounds, failure };
  }
}

async function round(): Promise<string | undefined> {
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', tests];
  const env = { ...process.env, FUZZ_SCALE: String(scale) };
  return promisify(execFile)(process.execPath, jest, { cwd: root, env }).then(
    () => undefined,
    // Jest says on stderr which seed failed, and what the smallest message is that fails.
    (error: unknown) => (error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)),
  );
}
