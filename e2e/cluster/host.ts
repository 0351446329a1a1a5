import { createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { freePort } from '../up/ports.ts';
import { startProgram } from '../up/process.ts';
import type { Running } from '../up/process.ts';
import { tool } from '../tools/tools.ts';
import type { Tool } from '../tools/tools.ts';
import { Undo } from './undo.ts';

/** How many of a program's last lines are repeated when it ends unexpectedly. */
const lastLines = 5;

/** Below the range from which a Linux kernel gives out ports by itself. */
const firstPort = 17_400;

export interface HostOptions {
  /** Exists and is empty: all state of the cluster. */
  readonly folder: string;
  /** Where each program's output goes, one file each. */
  readonly logs: string;
  readonly say: (line: string) => void;
}

/** This machine, as far as the cluster uses it: programs run as plain processes, and all is undone in the end. */
export class Host {
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly undo = new Undo();
  readonly #logs: string;
  readonly #unexpected: string[] = [];
  #nextPort = firstPort;
  readonly #expected = new Set<Running>();
  #leaving = false;

  constructor({ folder, logs, say }: HostOptions) {
    this.folder = folder;
    this.say = say;
    this.#logs = logs;
    mkdirSync(logs, { recursive: true });
  }

  /** Programs that ended although nobody had asked them to, one line each. */
  get unexpectedEnds(): readonly string[] {
    return this.#unexpected;
  }

  /** A folder of the cluster's state, made if need be. */
  path(...names: string[]): string {
    const path = join(this.folder, ...names);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** A port that nobody listens on at 127.0.0.1, and that was not given out before. */
  async port(what: string): Promise<number> {
    for (;;) {
      const wanted = this.#nextPort++;
      if ((await freePort(wanted, what, () => undefined)) === wanted) return wanted;
    }
  }

  /** Path of a pinned tool, built first if need be. */
  tool(name: Tool): Promise<string> {
    return tool(name, this.say);
  }

  /** Starts a program that runs until everything is undone; its output goes to `<name>.log`. */
  start(name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
    const log = createWriteStream(join(this.#logs, `${name}.log`), { flags: 'a' });
    const last: string[] = [];
    const running = startProgram({
      name,
      command,
      args,
      env: { PATH: process.env['PATH'], ...env },
      onLine: (line) => {
        log.write(`${line}\n`);
        if (last.push(line) > lastLines) last.shift();
      },
    });
    void running.ended.then((how) => {
      log.end();
      if (!this.#leaving && !this.#expected.has(running))
        this.#unexpected.push(`${name}: ${how}\n${last.join('\n')}`);
    });
    this.undo.add(`stop ${name}`, () => running.stop());
    return running;
  }

  /** Ends a program before the others. */
  async end(program: Running): Promise<void> {
    this.#expected.add(program);
    await program.stop();
  }

  /**
   * Calls `round` again and again until everything is undone. A round may fail, since the API server may be busy, or
   * an object go while it is read: the next one tells.
   */
  repeat(what: string, milliseconds: number, round: () => Promise<void>): void {
    const running = (async () => {
      while (!this.#leaving) {
        await round().catch(() => undefined);
        await delay(milliseconds);
      }
    })();
    this.undo.add(`stop ${what}`, () => running);
  }

  /** Reads what a program has printed so far. */
  log(name: string): () => string {
    const path = join(this.#logs, `${name}.log`);
    return () => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  }

  /** Undoes everything; returns what could not be undone. */
  async leave(): Promise<string[]> {
    this.#leaving = true;
    return this.undo.run();
  }
}

/** Options as programs of Kubernetes and Flux take them: `--name=value`. */
export function flags(values: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}
