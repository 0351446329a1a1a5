import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

import { paths } from '../../relay-src/outbox/contract.ts';
import { run } from '../tools/run.ts';
import { loopback } from './ports.ts';
import { startProgram } from './process.ts';
import type { Running } from './process.ts';
import { answers, until } from './until.ts';

const program = join(import.meta.dirname, '../../relay-src/outbox/main.ts');

/** A configuration of outbox, as its YAML file holds it. */
export type OutboxConfig = Readonly<Record<string, unknown>> & {
  readonly transport: Readonly<Record<string, unknown>>;
};

export interface OutboxOptions {
  /** What it is told beside the places below, which are this machine's. */
  readonly config: OutboxConfig;
  /** Exists; gets the configuration and the spool. */
  readonly folder: string;
  readonly smtpPort: number;
  readonly metricsPort: number;
  /** Where Mailpit takes copies. */
  readonly copyPort: number;
  readonly onLine: (line: string) => void;
}

export interface Outbox extends Running {
  readonly smtpPort: number;
  readonly metricsPort: number;
  readonly configFile: string;
  /** Runs `outbox list` or another of its commands, and returns what it prints. */
  command(...args: string[]): Promise<string>;
  /** How many messages its spool still holds. */
  waiting(): number;
}

/** Starts the real program on loopback, and waits until its spool is its own. */
export async function startOutbox(options: OutboxOptions): Promise<Outbox> {
  const { config, folder, smtpPort, metricsPort, copyPort, onLine } = options;
  const spool = join(folder, 'spool');
  const configFile = join(folder, 'outbox.yaml');
  mkdirSync(spool);
  const here = {
    listen: `${loopback}:${smtpPort}`,
    metrics: `${loopback}:${metricsPort}`,
    spool,
    copy: { host: loopback, port: copyPort },
    log: { format: 'text' },
  };
  writeFileSync(configFile, stringify({ ...config, ...here }));
  const args = [program, '--config', configFile];
  const running = startProgram({
    name: 'outbox',
    command: process.execPath,
    args,
    env: { PATH: process.env['PATH'] },
    onLine,
  });
  try {
    await until('outbox', answers(`http://${loopback}:${metricsPort}${paths.ready}`), { of: running });
  } catch (error) {
    await running.stop();
    throw error;
  }
  return {
    ...running,
    smtpPort,
    metricsPort,
    configFile,
    command: (...words) => run(process.execPath, [...args, ...words], { cwd: folder }),
    waiting: () =>
      ['queued', 'held', 'failed'].reduce((sum, state) => sum + messagesIn(join(spool, state)), 0),
  };
}

function messagesIn(folder: string): number {
  return readdirSync(folder).filter((file) => file.endsWith('.json')).length;
}
