import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { SecretsError, messageOf } from './errors.ts';

/** The programs that this command runs; both come with `sops` and `age` packages. */
export type Tool = 'sops' | 'age-keygen';

/** What to install where a tool is absent. 3.10.1 is the first sops that encrypts from standard input. */
export const installHelp: Readonly<Record<Tool, string>> = {
  sops: [
    'sops 3.10.1 or newer is needed: https://github.com/getsops/sops/releases,',
    '  brew install sops, or go install github.com/getsops/sops/v3/cmd/sops@v3.13.2',
  ].join('\n'),
  'age-keygen': [
    'age-keygen is needed: https://github.com/FiloSottile/age/releases,',
    '  brew install age, apt install age, or go install filippo.io/age/cmd/age-keygen@v1.3.1',
  ].join('\n'),
};

/** True where an executable of that name is on the PATH. */
export function isInstalled(tool: Tool): boolean {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, tool + suffix), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Runs a tool to its end; its messages go to our standard error.
 * @param input what it gets on standard input
 * @returns its standard output
 * @throws SecretsError when it cannot be started or fails
 */
export async function run(tool: Tool, args: readonly string[], cwd: string, input = ''): Promise<string> {
  const child = spawn(tool, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  // A tool that fails early closes its input; its exit status tells more than the broken pipe.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  try {
    const [output, status] = await Promise.all([readAll(child.stdout), ended]);
    if (status !== 0) throw new SecretsError(`${tool} failed (exit ${status ?? 'by signal'})`);
    return output;
  } catch (cause) {
    if (cause instanceof SecretsError) throw cause;
    throw new SecretsError(`${tool} could not be run: ${messageOf(cause)}\n${installHelp[tool]}`);
  }
}

/** SOPS in the repository at `root`, by its `.sops.yaml`. Plaintext goes through pipes only. */
export function sopsAt(root: string): {
  readonly encrypt: (plaintext: string, path: string) => Promise<string>;
  readonly decryptKey: (path: string, key: string) => Promise<string>;
} {
  const sops = (args: readonly string[], input?: string): Promise<string> => run('sops', args, root, input);
  const yaml = ['--input-type', 'yaml', '--output-type', 'yaml'];
  return {
    /** Without a file name SOPS reads its standard input, and chooses the rule by the name given. */
    encrypt: (plaintext, path) =>
      sops(['--config', '.sops.yaml', 'encrypt', ...yaml, '--filename-override', path], plaintext),
    /** One value below `stringData`. */
    decryptKey: (path, key) => sops(['decrypt', '--extract', `["stringData"]["${key}"]`, path]),
  };
}
