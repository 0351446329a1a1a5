import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { isatty } from 'node:tty';
import { SecretsError, messageOf } from './errors.ts';

/** A whole file, or standard input for `-`. */
export async function readSource(file: string): Promise<string> {
  if (file === '-') return readAll(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new SecretsError(`cannot read ${file}: ${messageOf(cause)}`);
  }
}

/** One secret value from a file or standard input, without the newline that `echo` and editors add. */
async function readValue(file: string): Promise<string> {
  return (await readSource(file)).replace(/\r?\n$/, '');
}

/** True where a person can be asked. */
function canAsk(): boolean {
  return isatty(process.stdin.fd);
}

/**
 * A secret value: from its file when one is given, otherwise asked for, unseen.
 * @param option the option that takes the file, for the message where nobody can be asked
 */
export async function secretValue(
  file: string | undefined,
  option: string,
  message: string,
): Promise<string> {
  if (file !== undefined) return readValue(file);
  if (!canAsk())
    throw new SecretsError(
      `there is no terminal to ask on: give ${option} FILE, or ${option} - for standard input`,
    );
  const { password } = await import('@inquirer/prompts');
  return password({ message, mask: '*', validate: (value) => value !== '' || 'a value is needed' });
}

/** The same for a new password, asked for twice. */
export async function newPassword(
  file: string | undefined,
  option: string,
  message: string,
): Promise<string> {
  const first = await secretValue(file, option, message);
  if (file === undefined && first !== (await secretValue(undefined, option, `${message} (again)`))) {
    throw new SecretsError('the two passwords differ');
  }
  return first;
}

/** A value that is no secret. */
export async function plainValue(
  given: string | undefined,
  option: string,
  message: string,
): Promise<string> {
  if (given !== undefined) return given;
  if (!canAsk()) throw new SecretsError(`there is no terminal to ask on: give ${option} VALUE`);
  const { input } = await import('@inquirer/prompts');
  return input({ message, required: true });
}
