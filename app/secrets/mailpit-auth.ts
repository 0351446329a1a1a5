import { randomBytes } from 'node:crypto';

/** bcrypt reads no more of a password; the rest would be ignored in silence. */
const maxPasswordBytes = 72;

/** `user:hash`. A user name with a colon or white space would be cut apart by Mailpit. */
const userName = /^[^\s:#][^\s:]*$/;
const htpasswdLine = /^[^\s:#][^\s:]*:\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

/** Nobody's: a user name for the credential that nobody knows. */
const nobody = 'nobody';

/**
 * One htpasswd line with a bcrypt hash, without a line end.
 * @throws RangeError when Mailpit would read the user or bcrypt the password differently from what was typed
 */
export async function htpasswd(user: string, password: string): Promise<string> {
  if (!userName.test(user)) {
    throw new RangeError(`user name "${user}": one word without ":" is needed, not beginning with "#"`);
  }
  if (password === '') throw new RangeError('the password is empty');
  if (Buffer.byteLength(password) > maxPasswordBytes) {
    throw new RangeError(`the password is longer than ${maxPasswordBytes} bytes, which bcrypt would cut off`);
  }
  const { hash } = await import('bcryptjs');
  return `${user}:${await hash(password, 10)}`;
}

/**
 * Checks an htpasswd file that was made elsewhere.
 * @returns its lines, one final newline
 * @throws RangeError for an empty file (Mailpit then asks for no password at all) and for any line that is not
 * bcrypt (Mailpit takes a hash of an unknown kind as the password itself); the message holds the line number
 */
export function checkedHtpasswd(text: string): string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0)
    throw new RangeError('the htpasswd file is empty: Mailpit would ask for no password');
  const bad = lines.findIndex((line) => !htpasswdLine.test(line));
  if (bad !== -1) {
    throw new RangeError(
      `the htpasswd file, entry ${bad + 1}, is not "user:bcrypt hash" (htpasswd -B makes one)`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/**
 * The values of the Secret `mailpit-auth`: `auth` opens the web UI and its API, `send-api-auth` opens the send
 * API to nobody, since the password behind it is random and forgotten here. Both in one Secret, so that one
 * directory mount serves both.
 * @param auth htpasswd lines
 */
export async function mailpitAuthValues(auth: string): Promise<Record<'auth' | 'send-api-auth', string>> {
  const unusable = await htpasswd(nobody, randomBytes(32).toString('base64url'));
  return { auth: checkedHtpasswd(auth), 'send-api-auth': `${unusable}\n` };
}
