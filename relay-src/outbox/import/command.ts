/** `outbox import DIR`: the old queue into the spool, and what the old settings become. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Log } from '../../daemon/log.ts';
import type { Config } from '../config.ts';
import { terminal, type Terminal } from '../control/commands.ts';
import { isServed } from '../control/client.ts';
import { Layout } from '../spool/layout.ts';
import { Spool } from '../spool/spool.ts';
import type { Transport } from '../transport.ts';
import { translateSettings } from './settings.ts';
import { findMailroot, takeOver } from './take-over.ts';

export interface ImportNeeds {
  readonly config: () => Config;
  readonly transport: (config: Config) => Promise<Pick<Transport, 'mailboxOf' | 'close'>>;
  readonly log: Log;
  readonly owner: string;
}

/** Adds the command. Exit code 0: all is taken over; 1: something was left, or must be decided; 2: could not run. */
export function addImportCommand(program: Command, needs: ImportNeeds, io: Terminal = terminal): void {
  program
    .command('import')
    .description("take over smtp2graph's queue and failed mail, and say what its config.yml becomes")
    .argument('<dir>', 'its base directory, or its mailroot')
    .option('--settings', 'only what its config.yml becomes')
    .action(async (folder: string, { settings }: { settings?: true }) => {
      const settingsFile = join(folder, 'config.yml');
      if (existsSync(settingsFile)) await printSettings(settingsFile, io);
      else if (settings === true) {
        io.complain(`there is no ${settingsFile}`);
        io.exitCode(2);
      }
      if (settings !== true) await importQueue(folder, needs, io);
    });
}

async function printSettings(file: string, io: Terminal): Promise<void> {
  for (const { key, text, warns } of translateSettings(await readFile(file, 'utf8'))) {
    io.write(`${warns ? '!' : ' '} ${key} -> ${text}\n`);
    if (warns) io.exitCode(1);
  }
}

async function importQueue(
  folder: string,
  { config: read, transport: make, log, owner }: ImportNeeds,
  io: Terminal,
) {
  const mailroot = await findMailroot(folder);
  if (mailroot === undefined) {
    io.complain(`${folder} holds neither mailroot/queue nor queue`);
    io.exitCode(2);
    return;
  }
  const config = read();
  if (await isServed(new Layout(config.spool).file('control'))) {
    io.complain('outbox runs with this spool: stop it first, or let it find the old queue at its own start');
    io.exitCode(2);
    return;
  }
  const transport = await make(config);
  const spool = await Spool.open(config.spool, { owner, log, onLost: (reason) => io.complain(reason) });
  try {
    await takeOver(mailroot, {
      spool,
      transport,
      onFile: ({ file, id, problem }) => {
        if (id !== undefined) io.write(`${file} -> ${id}\n`);
        else {
          io.complain(`${file}: ${problem}`);
          io.exitCode(1);
        }
      },
    });
  } finally {
    await spool.close();
    await transport.close();
  }
}
