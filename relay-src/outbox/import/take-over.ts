/**
 * Takes over what smtp2graph left: `mailroot/queue/*.eml` is queued, `mailroot/failed/*.eml` goes to `failed/`. Its
 * files have no envelope; the recipients are those of To, Cc and Bcc, which it had written there.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { soleAddress } from '../../smtp/header-address.ts';
import { fieldValues, headerFields } from '../../smtp/header-fields.ts';
import { namedAddresses } from '../message/recipients.ts';
import { headerLength } from '../message/rewrite.ts';
import { errorCode } from '../spool/files.ts';
import type { Spool } from '../spool/spool.ts';
import type { Transport } from '../transport.ts';
import { repair } from './repair.ts';

/** One file of the old queue, and what became of it. */
export interface TakenOver {
  /** Path below the folder. */
  readonly file: string;
  /** Queue id here; undefined if it was left where it is. */
  readonly id?: string;
  /** Why it was left; or how to treat it. */
  readonly problem?: string;
}

export interface TakeOverOptions {
  readonly spool: Pick<Spool, 'receive'>;
  readonly transport: Pick<Transport, 'mailboxOf'>;
  readonly onFile: (taken: TakenOver) => void;
}

/** Where taken files go: nothing is deleted. */
const done = 'imported';

/** The folder with `queue` and `failed` in it; undefined if there is none. */
export async function findMailroot(folder: string): Promise<string | undefined> {
  for (const candidate of [join(folder, 'mailroot'), folder]) {
    if ((await list(join(candidate, 'queue'))) !== undefined) return candidate;
  }
  return undefined;
}

/**
 * Hands every file to the spool, then moves it to `imported/`. After a crash in between it is known again. Rejects with
 * SpoolError if the spool takes no more: what was taken is taken.
 */
export async function takeOver(mailroot: string, options: TakeOverOptions): Promise<void> {
  for (const state of ['queued', 'failed'] as const) {
    const folder = state === 'queued' ? 'queue' : 'failed';
    for (const name of (await list(join(mailroot, folder))) ?? []) {
      if (name.toLowerCase().endsWith('.eml')) {
        options.onFile({
          file: join(folder, name),
          ...(await takeFile(mailroot, folder, name, state, options)),
        });
      }
    }
  }
  for (const name of (await list(join(mailroot, 'temp'))) ?? []) {
    const problem = 'may be half a message, or one that was acknowledged and then forgotten: look at it';
    options.onFile({ file: join('temp', name), problem });
  }
}

async function takeFile(
  mailroot: string,
  folder: string,
  name: string,
  state: 'queued' | 'failed',
  { spool, transport }: TakeOverOptions,
): Promise<Omit<TakenOver, 'file'>> {
  const path = join(mailroot, folder, name);
  const original = await readFile(path);
  const message = repair(original);
  const envelope = readEnvelope(message.subarray(0, headerLength(message)));
  if (typeof envelope === 'string') return { problem: envelope };
  const incoming = await spool.receive(message.length);
  incoming.write(message);
  const { sender, recipients } = envelope;
  const { id } = await incoming.commit({
    sender,
    headerFrom: sender,
    mailbox: transport.mailboxOf({ sender, headerFrom: sender }),
    recipients,
    smtpUtf8: [sender, ...recipients].some((address) => Buffer.byteLength(address) !== address.length),
    state,
    accepted: Math.round((await stat(path)).mtimeMs),
    key: `smtp2graph ${name} ${createHash('sha256').update(original).digest('base64url')}`,
  });
  await mkdir(join(mailroot, done), { recursive: true });
  await rename(path, join(mailroot, done, `${folder}-${name}`));
  return { id };
}

/** Sender and recipients as the header has them; a string says why there are none. */
function readEnvelope(header: Buffer): { sender: string; recipients: string[] } | string {
  const fields = headerFields(header);
  const [from, second] = fieldValues(fields, 'from');
  const sender = second === undefined ? soleAddress(from ?? '') : undefined;
  if (sender === undefined) return 'From is not exactly one address';
  const recipients = new Map<string, string>();
  for (const name of ['to', 'cc', 'bcc']) {
    for (const value of fieldValues(fields, name)) {
      const addresses = namedAddresses(value);
      if (addresses === undefined) return `${name} cannot be read as a list of addresses`;
      for (const address of addresses) recipients.set(address.toLowerCase(), address);
    }
  }
  return recipients.size === 0 ? 'no recipients' : { sender, recipients: [...recipients.values()] };
}

/** Names in a folder, sorted; undefined if there is no such folder. */
async function list(folder: string): Promise<string[] | undefined> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
