import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { host } from '../load.ts';
import type { Peer } from './peer.ts';

const version = '3.3.3';
/** npm takes every dependency as it was on this day. */
const day = '2026-09-01';

/** Haraka with a plugin that looks the recipient's domain up, and smtp_forward. Installed on demand. */
export function haraka(cache: string): Peer {
  const home = join(cache, 'haraka');
  const program = join(home, 'node_modules/Haraka/bin/haraka');
  return {
    name: 'Haraka',
    what: 'Haraka with smtp_forward, refusing unknown domains; no cutting',
    async prepare() {
      if (process.getuid?.() !== 0) return { missing: 'needs root' };
      if (existsSync(program)) return { version };
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, 'package.json'), '{ "private": true }\n');
      const options = ['--before', day, '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
      try {
        await promisify(execFile)('npm', ['install', ...options, `Haraka@${version}`], { cwd: home });
      } catch (error) {
        return { missing: `npm install failed: ${String(error)}` };
      }
      return { version };
    },
    can: () => true,
    start: ({ folder, listenPort, upstreamPort }) => {
      cpSync(join(import.meta.dirname, 'haraka'), folder, { recursive: true });
      const config = join(folder, 'config');
      mkdirSync(config);
      const files = {
        me: 'relay.test',
        plugins: 'check_domain\nqueue/smtp_forward',
        'smtp.ini': `listen=${host}:${listenPort}\nnodes=0`,
        'smtp_forward.ini': `host=${host}\nport=${upstreamPort}`,
        'log.ini': '[main]\nlevel=notice\ntimestamps=true',
      };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(config, name), `${text}\n`);
      // It does not start without this one, and knows no defaults for it.
      cpSync(join(home, 'node_modules/Haraka/config/connection.ini'), join(config, 'connection.ini'));
      return { command: process.execPath, args: [program, '-c', folder], systemResolver: true };
    },
  };
}
