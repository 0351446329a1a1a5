/** A program of ours as a process of its own, for tests of its start and its end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface Child {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  /** All that it printed, on either stream. */
  readonly output: () => string;
  /** Resolves with the first log line of this message. Throws if it ends before. */
  readonly logged: (message: string) => Promise<Record<string, unknown>>;
}

/** Starts `node program args…`; `env` is its whole environment, but for PATH. */
export function startChild(program: string, args: readonly string[], env: Record<string, string>): Child {
  const child = spawn(process.execPath, [program, ...args], { env: { PATH: process.env['PATH'], ...env } });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    child,
    exit: once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null)),
    output: () => output,
    logged: async (message) => {
      for (;;) {
        const line = output
          .split('\n')
          .find((one) => one.includes(`"msg":"${message}"`) && one.endsWith('}'));
        if (line !== undefined) return JSON.parse(line);
        if (child.exitCode !== null) throw new Error(`it ended: ${output}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}
