import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A tool cannot be had; the message says what is missing and what to do. Programs exit 2. */
export class ToolError extends Error {}

interface Options {
  cwd: string;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
}

/**
 * Runs a program to its end and returns its standard output.
 *
 * @throws {ToolError} when it cannot be started or fails; the message ends with the program's last words.
 */
export async function run(command: string, args: string[], { cwd, env }: Options): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd,
      env: { ...process.env, ...env },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    throw new ToolError(`${command} ${args.join(' ')} (in ${cwd}) failed: ${lastWords(error)}`);
  }
}

/** The end of what a failed program wrote, or why it did not start. */
function lastWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return stderr === '' ? error.message : `\n${stderr.split('\n').slice(-15).join('\n')}`;
}
