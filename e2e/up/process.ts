import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface Program {
  /** How it is called in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its whole environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Gets each line that it prints, on either stream. */
  readonly onLine: (line: string) => void;
}

export interface Running {
  readonly name: string;
  /** Resolves when the program has ended, with how: `exit code 1`, `SIGKILL`, or why it did not start. */
  readonly ended: Promise<string>;
  /** Asks it to end, and makes it when it does not within the grace period. Resolves when it is gone. */
  stop(grace?: number): Promise<void>;
  /** Ends it without a chance to do anything. */
  kill(): void;
}

/** How long a program may take to end after SIGTERM. */
const graceMilliseconds = 10_000;

/**
 * Starts a program in a process group of its own: Ctrl-C in the terminal reaches us alone, and we stop
 * programs in our order. None outlives this process, unless this process is killed outright.
 */
export function startProgram({ name, command, args, env, onLine }: Program): Running {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  for (const stream of [child.stdout, child.stderr]) readLines(stream, onLine);

  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`it did not start: ${error.message}`));
    // `close`, not `exit`: its last lines, which say why, have been read by then.
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  void ended.then(() => process.off('exit', kill));

  return {
    name,
    ended,
    kill,
    async stop(grace = graceMilliseconds) {
      child.kill('SIGTERM');
      const killer = setTimeout(kill, grace);
      await ended;
      clearTimeout(killer);
    },
  };
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine);
}
