/** Names in the spool. `docs/spool.md` shows them to people. */
import { randomInt } from 'node:crypto';
import { join, resolve } from 'node:path';
import { committedStates, type State } from './message.ts';

/** Version of everything below, and of the records in it. A program that meets another one refuses to run. */
export const formatVersion = 1;
export const formatText = `email-relay outbox spool, format ${formatVersion}\n`;

/** Files and folders beside those of the states. */
export const names = {
  format: 'format',
  lock: 'lock',
  control: 'control',
  /** Not committed: what is found here at the start was never acknowledged. */
  incoming: 'incoming',
  /** Record of what was sent. */
  sent: 'sent',
  /** What a person has to look at: parts of messages that nothing explains. */
  damaged: 'damaged',
} as const;

export const folders = [names.incoming, ...committedStates, names.sent, names.damaged] as const;
export type Folder = (typeof folders)[number];
export type Extension = 'eml' | 'json';

/** Paths in one spool. */
export class Layout {
  readonly root: string;

  constructor(root: string) {
    this.root = resolve(root);
  }

  folder(name: Folder): string {
    return join(this.root, name);
  }

  file(name: 'format' | 'lock' | 'control'): string {
    return join(this.root, names[name]);
  }

  part(folder: Folder, id: string, extension: Extension): string {
    // Not by join(), which normalises what is normal already, 100,000 times at the start.
    return `${this.root}/${folder}/${id}.${extension}`;
  }

  body(state: State, id: string): string {
    return this.part(state, id, 'eml');
  }

  record(state: State, id: string): string {
    return this.part(state, id, 'json');
  }
}

const idForm = /^[0-9a-z]{14}$/;
const partForm = /^([0-9a-z]{14})\.(eml|json)$/;

export const isQueueId = (text: string): boolean => idForm.test(text);

/** Reads `ID.eml` or `ID.json`; undefined for any other name. */
export function parsePart(name: string): { readonly id: string; readonly extension: Extension } | undefined {
  const match = partForm.exec(name);
  if (match === null) return undefined;
  return { id: match[1] ?? '', extension: match[2] === 'eml' ? 'eml' : 'json' };
}

/**
 * A queue id: 9 digits of time and 5 at random, base 36, so that names sort by time. Never used twice: the record of
 * what was sent goes by it.
 */
export function newId(): string {
  const time = Date.now().toString(36).padStart(9, '0');
  return `${time}${randomInt(36 ** 5)
    .toString(36)
    .padStart(5, '0')}`;
}
