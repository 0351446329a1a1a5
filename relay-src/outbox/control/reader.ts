/** The spool as it is on disk: for commands that only look, whether the program runs or not. */
import { join } from 'node:path';
import { realFiles } from '../spool/files.ts';
import { formatText, Layout, names, parsePart } from '../spool/layout.ts';
import { committedStates, type Message, type State } from '../spool/message.ts';
import { parseRecord } from '../spool/message-file.ts';

/** The folder is no spool, or not one of this version. */
export class NoSpool extends Error {}

/** Opens a folder for looking. Throws NoSpool. */
export async function openForReading(folder: string): Promise<Layout> {
  const layout = new Layout(folder);
  const format = await realFiles.read(layout.file('format'));
  if (format === undefined) throw new NoSpool(`${folder} is not a spool of outbox: it has no file "format"`);
  if (format.toString() !== formatText) {
    throw new NoSpool(`${folder} is "${format.toString().trim()}", which this version does not know`);
  }
  return layout;
}

/** All messages in these states, oldest first. A record that cannot be read is named in `unreadable`. */
export async function readMessages(
  layout: Layout,
  states: readonly State[] = committedStates,
): Promise<{ readonly messages: readonly Message[]; readonly unreadable: readonly string[] }> {
  const messages = new Map<string, Message>();
  const unreadable: string[] = [];
  for (const state of states) {
    for (const name of await realFiles.list(layout.folder(state))) {
      const part = parsePart(name);
      if (part?.extension !== 'json') continue;
      const [bytes] = realFiles.readMany([layout.record(state, part.id)]);
      if (bytes === undefined) continue; // it has just left
      try {
        messages.set(part.id, parseRecord(bytes, state));
      } catch {
        unreadable.push(join(state, name));
      }
    }
  }
  return { messages: [...messages.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)), unreadable };
}

/** The record of one message; undefined if it is not here. */
export async function findMessage(layout: Layout, id: string): Promise<Message | undefined> {
  for (const state of committedStates) {
    const bytes = await realFiles.read(layout.record(state, id));
    if (bytes !== undefined) return parseRecord(bytes, state);
  }
  return undefined;
}

/** The body of one message; undefined if it is not here. */
export async function findBody(layout: Layout, id: string): Promise<Buffer | undefined> {
  for (const state of committedStates) {
    const body = await realFiles.read(layout.body(state, id));
    if (body !== undefined) return body;
  }
  return undefined;
}

/** The line of a message that has left, from the record of what was sent. */
export async function findDeparture(layout: Layout, id: string): Promise<unknown> {
  const folder = layout.folder(names.sent);
  for (const name of (await realFiles.list(folder)).toSorted().toReversed()) {
    const text = (await realFiles.read(join(folder, name)))?.toString() ?? '';
    const line = text.split('\n').find((one) => one.startsWith(`{"id":"${id}"`));
    if (line !== undefined) return JSON.parse(line);
  }
  return undefined;
}
