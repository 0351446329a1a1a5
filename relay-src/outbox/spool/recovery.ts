/**
 * The start: whatever a crash left behind becomes whole messages again, or goes. Each case is a row of the table in
 * `docs/spool.md`; a test makes all of them by cutting the power at every step.
 *
 * A message is where its record is. A body follows its record; a record without a body, and a body that nothing
 * explains, go to `damaged/` for a person to look at, and are never deleted.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Files } from './files.ts';
import { names, parsePart, type Extension, type Folder, type Layout } from './layout.ts';
import type { SpoolLog } from './log.ts';
import { committedStates, type State } from './message.ts';
import { parseBrief, type Brief } from './message-file.ts';
import type { Departure } from './sent-record.ts';

/** Records read at once; in between other work has its turn, the lock's renewal above all. */
const batch = 500;

type Where = readonly [Folder, Extension];

const places = [...committedStates, names.incoming] as const;
const extensions = ['eml', 'json'] as const;

/** Parts of messages by queue id: a bit for each place and extension, since there may be 100,000 messages. */
type Found = Map<string, number>;

const bitOf = (place: number, extension: Extension): number =>
  1 << (place * 2 + extensions.indexOf(extension));

/** A body beside its record, by state: all that is found after a clean end. */
const wholeIn = new Map(
  committedStates.map((state, place) => [bitOf(place, 'eml') | bitOf(place, 'json'), state]),
);

function partsOf(bits: number): Where[] {
  return places.flatMap((folder, place) =>
    extensions
      .filter((extension) => (bits & bitOf(place, extension)) !== 0)
      .map((extension): Where => [folder, extension]),
  );
}

/** Puts the folders in order, and hands each message to `each`, in the order of acceptance. */
export class Recovery {
  readonly #files: Files;
  readonly #layout: Layout;
  readonly #log: SpoolLog;
  readonly #touched = new Set<Folder>();

  constructor(files: Files, layout: Layout, log: SpoolLog) {
    this.#files = files;
    this.#layout = layout;
    this.#log = log;
  }

  /** `each` answers why a message must go after all, or undefined. */
  async run(departures: readonly Departure[], each: (brief: Brief) => string | undefined): Promise<void> {
    const found = await this.#list();
    await this.#removeDeparted(found, departures);
    const ids = [...found.keys()].toSorted();
    for (let at = 0; at < ids.length; at += batch) {
      const records: [string, State][] = [];
      for (const id of ids.slice(at, at + batch)) {
        const bits = found.get(id) ?? 0;
        const state = wholeIn.get(bits) ?? (await this.#mend(id, partsOf(bits)));
        if (state !== undefined) records.push([id, state]);
      }
      await this.#read(records, each);
      await turn();
    }
    for (const folder of this.#touched) await this.#files.syncFolder(this.#layout.folder(folder));
  }

  async #list(): Promise<Found> {
    const found: Found = new Map();
    for (const [place, folder] of places.entries()) {
      for (const name of await this.#files.list(this.#layout.folder(folder))) {
        const part = parsePart(name);
        if (part !== undefined) {
          found.set(part.id, (found.get(part.id) ?? 0) | bitOf(place, part.extension));
        } else if (folder === names.incoming) {
          await this.#files.remove(join(this.#layout.folder(folder), name));
        } else {
          this.#log.warn({ folder, name }, 'not a file of the spool, left alone');
        }
      }
    }
    return found;
  }

  async #removeDeparted(found: Found, departures: readonly Departure[]): Promise<void> {
    for (const { id } of departures) {
      const bits = found.get(id);
      if (bits === undefined) continue;
      this.#log.info({ id }, 'recovery: had left, the rest of it removed');
      await this.#remove(id, partsOf(bits));
      found.delete(id);
    }
  }

  /** Makes one message of what was found of it. Its state; undefined if there is no message. */
  async #mend(id: string, parts: readonly Where[]): Promise<State | undefined> {
    const states = parts
      .filter(([, extension]) => extension === 'json')
      .flatMap(([folder]) => stateOf(folder) ?? []);
    const bodies = parts.filter(([, extension]) => extension === 'eml').map(([folder]) => folder);
    if (states.length === 0) {
      await this.#orphans(id, parts);
      return undefined;
    }
    const state = await this.#newest(id, states);
    const rest = parts.filter(([folder, extension]) => extension === 'json' && folder !== state);
    await this.#remove(id, rest);
    const isWhole = await this.#fetchBody(id, state, bodies);
    return isWhole ? state : undefined;
  }

  /** Parts without a committed record. */
  async #orphans(id: string, parts: readonly Where[]): Promise<void> {
    if (parts.some(([folder]) => folder === names.incoming)) {
      this.#log.info({ id }, 'recovery: was never acknowledged, removed');
      // What explains the rest goes last.
      for (const part of parts.filter(([folder]) => folder !== names.incoming)) {
        await this.#remove(id, [part]);
        await this.#files.syncFolder(this.#layout.folder(part[0]));
      }
      await this.#remove(
        id,
        parts.filter(([folder]) => folder === names.incoming),
      );
      return;
    }
    this.#log.error({ id }, 'recovery: a body without its record, moved to damaged/');
    for (const [folder, extension] of parts) await this.#damaged(id, folder, extension);
  }

  /** Of several records, the one with the most changes: a move that was cut short. */
  async #newest(id: string, states: readonly State[]): Promise<State> {
    let best: { state: State; revision: number } | undefined;
    for (const state of states) {
      const brief = this.#parse(id, state, await this.#files.read(this.#layout.record(state, id)));
      const revision = typeof brief === 'string' ? -1 : brief.revision;
      if (best === undefined || revision > best.revision) best = { state, revision };
    }
    if (best === undefined) throw new Error(`no record of ${id}`);
    return best.state;
  }

  /** Puts the body beside its record. False if there is none that is whole: then the record is put aside. */
  async #fetchBody(id: string, state: State, bodies: readonly Folder[]): Promise<boolean> {
    let at = bodies.includes(state) ? state : undefined;
    if (at === undefined) {
      for (const folder of bodies) {
        if (at !== undefined || !(await this.#fits(id, state, folder))) continue;
        await this.#files.rename(this.#layout.part(folder, id, 'eml'), this.#layout.body(state, id));
        this.#touched.add(folder).add(state);
        this.#log.info({ id, from: folder, to: state }, 'recovery: a move completed');
        at = state;
      }
    }
    await this.#remove(
      id,
      bodies.filter((folder) => folder !== state).map((folder): Where => [folder, 'eml']),
    );
    if (at !== undefined) return true;
    this.#log.error({ id, state }, 'recovery: a record without its body, moved to damaged/');
    await this.#damaged(id, state, 'json');
    return false;
  }

  /** Whether this body is the one that the record tells of. */
  async #fits(id: string, state: State, folder: Folder): Promise<boolean> {
    const body = await this.#files.read(this.#layout.part(folder, id, 'eml'));
    const brief = this.#parse(id, state, await this.#files.read(this.#layout.record(state, id)));
    if (body === undefined || typeof brief === 'string') return false;
    return createHash('sha256').update(body).digest('hex') === brief.sha256;
  }

  async #read(
    records: readonly [string, State][],
    each: (brief: Brief) => string | undefined,
  ): Promise<void> {
    const bytes = this.#files.readMany(records.map(([id, state]) => this.#layout.record(state, id)));
    for (const [index, [id, state]] of records.entries()) {
      const brief = this.#parse(id, state, bytes[index]);
      if (typeof brief === 'string') {
        this.#log.error({ id, state, problem: brief }, 'recovery: cannot read the record, moved to damaged/');
        await this.#damaged(id, state, 'eml');
        await this.#damaged(id, state, 'json');
        continue;
      }
      const problem = each(brief);
      if (problem === undefined) continue;
      this.#log.warn({ id, state }, `recovery: ${problem}, removed`);
      await this.#remove(id, [
        [state, 'json'],
        [state, 'eml'],
      ]);
    }
  }

  #parse(id: string, state: State, bytes: Buffer | undefined): Brief | string {
    if (bytes === undefined) return 'it is gone';
    try {
      const brief = parseBrief(bytes, state);
      return brief.summary.id === id ? brief : `it says that its id is ${brief.summary.id}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #remove(id: string, parts: readonly Where[]): Promise<void> {
    for (const [folder, extension] of parts) {
      await this.#files.remove(this.#layout.part(folder, id, extension));
      this.#touched.add(folder);
    }
  }

  async #damaged(id: string, folder: Folder, extension: Extension): Promise<void> {
    const to = this.#layout.part(names.damaged, id, extension);
    await this.#files.rename(this.#layout.part(folder, id, extension), to);
    this.#touched.add(folder).add(names.damaged);
  }
}

function stateOf(folder: Folder): State | undefined {
  return committedStates.find((state) => state === folder);
}
