/** The program itself, as a process: configuration, signals, exit codes, command line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { startChild, type Child } from '../testing/child.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
// Processes start, on a machine that may have other things to do.
jest.setTimeout(60_000);

let folder = '';
let files = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outbox-main-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs it with this configuration, which is JSON and so YAML. */
function start(config: object, ...args: string[]): Child {
  files += 1;
  const file = join(folder, `outbox${files}.yaml`);
  writeFileSync(file, JSON.stringify(config));
  return startChild(program, ['--config', file, ...args], {});
}

const config = (metrics = '127.0.0.1:0') => ({
  listen: '127.0.0.1:0',
  metrics,
  spool: join(folder, 'spool'),
  transport: { kind: 'smarthost', host: '127.0.0.1', port: 1, tls: 'none' },
});

it('a bad configuration: exit 78, with file, path and what would be right', async () => {
  const { exit, output } = start({ ...config(), maxSize: 1 });
  expect(await exit).toBe(78);
  expect(output()).toBe(
    `outbox: bad configuration\n${folder}/outbox1.yaml: maxSize: got 1; expected 65536 to 1073741824 octets\n`,
  );
});

it('SIGTERM: exit 0; a port that is taken: exit 1 and the reason', async () => {
  const running = start(config());
  const { ports } = await running.logged('listening');
  const port = String(Object(ports)['metrics']);
  const second = start(config(`127.0.0.1:${port}`));
  const list = start(config(), 'list');
  expect([await second.exit, await list.exit]).toEqual([1, 0]);
  expect(second.output()).toContain('cannot start: Error: listen EADDRINUSE');
  expect(list.output()).toMatch(/^ID +STATE/);
  running.child.kill('SIGTERM');
  expect(await running.exit).toBe(0);
  expect(running.output()).toContain('"msg":"stopped"');
});
