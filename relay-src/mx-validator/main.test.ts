/** The program itself, as a process: configuration, signals, exit codes. */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startChild, type Child } from '../testing/child.ts';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import { RawClient } from '../testing/raw-client.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));

const start = (env: Record<string, string>): Child =>
  startChild(program, [], {
    LISTEN_ADDR: '127.0.0.1:0',
    METRICS_ADDR: '127.0.0.1:0',
    HOSTNAME: 'relay.example',
    ...env,
  });

it('a bad configuration: exit 78, every variable named with what would be right', async () => {
  const { exit, output } = start({ UPSTREAM_PORT: '0', MAX_MESSAGE_BYTES: '25m', UPSTREAM_PROT: '1' });
  expect(await exit).toBe(78);
  const [first, ...problems] = output().trim().split('\n');
  expect(first).toBe('mx-validator: bad configuration');
  expect(problems.toSorted()).toEqual([
    'MAX_MESSAGE_BYTES="25m": expected a whole number from 65536 to 1073741824',
    'UPSTREAM_PORT="0": expected a whole number from 1 to 65535',
    expect.stringMatching(/^UPSTREAM_PROT is not a variable of this program/),
  ]);
});

describe('running', () => {
  const upstream = new FakeUpstream();
  let running: Child;
  let port: number;
  let metricsPort: number;

  beforeEach(async () => {
    await upstream.start();
    running = start({ UPSTREAM_PORT: String(upstream.port), POSTMASTER: 'admin@ok.example' });
    const { ports } = await running.logged('listening');
    [port = 0, metricsPort = 0] = Array.isArray(ports) ? ports.map(Number) : [];
  });
  afterEach(async () => {
    running.child.kill('SIGKILL');
    await upstream.stop();
  });

  it('SIGTERM: a transaction ends, nobody new is served, exit 0; one log line tells the mail', async () => {
    const client = await RawClient.connect(port);
    await client.reply();
    await client.ask('EHLO client.example');
    await client.ask('MAIL FROM:<app@ok.example>');
    await client.ask('RCPT TO:<Postmaster>');
    running.child.kill('SIGTERM');
    await running.logged('draining');
    await expect(RawClient.connect(port)).rejects.toThrow('ECONNREFUSED');
    expect((await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).status).toBe(503);
    await client.ask('DATA');
    await client.send('From: app@ok.example\r\n\r\nsecret\r\n.\r\n');
    const [accepted = ''] = await client.reply();
    const tx = /^250 2\.0\.0 Queued as Q1 \(tx=(\w+)\)$/.exec(accepted)?.[1];
    expect(await running.exit).toBe(0);
    expect(await running.logged('transaction').catch(String)).toMatchObject({
      tx,
      outcome: 'accepted',
      client: '127.0.0.1',
      helo: 'client.example',
      from: 'app@ok.example',
      to: [{ to: 'Postmaster', reply: '250 2.1.5 Ok' }],
      reply: accepted,
    });
    expect(running.output()).not.toContain('secret');
    expect(upstream.messages.at(-1)?.body.toString()).toContain(` id ${tx ?? '?'}`);
  });

  it('a second SIGTERM ends it at once', async () => {
    const client = await RawClient.connect(port);
    await client.reply();
    await client.ask('EHLO client.example');
    await client.ask('MAIL FROM:<app@ok.example>');
    running.child.kill('SIGTERM');
    await running.logged('draining');
    running.child.kill('SIGTERM');
    expect(await running.exit).toBe(1);
  });

  it('SIGKILL at any point of a session: its connection ends, and nothing is delivered', async () => {
    const session = [
      'MAIL FROM:<app@ok.example>',
      'RCPT TO:<Postmaster>',
      'DATA',
      'From: app@ok.example\r\n\r\nx',
    ];
    const clients = [];
    for (let said = 0; said <= session.length; said += 1) {
      const client = await RawClient.connect(port);
      await client.reply();
      await client.ask('EHLO client.example');
      for (const command of session.slice(0, said)) {
        if (command.startsWith('From')) await client.send(`${command}\r\n`);
        else expect((await client.ask(command))[0]).toMatch(/^[23]/);
      }
      clients.push(client);
    }
    const before = [...upstream.messages];
    running.child.kill('SIGKILL');
    for (const client of clients) expect(await client.line()).toBeUndefined();
    while (upstream.open > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(upstream.messages).toEqual(before);
  });

  it('a port that is taken: exit 1 and the reason, as text for people if they like', async () => {
    const second = start({ UPSTREAM_PORT: '1', LISTEN_ADDR: `127.0.0.1:${port}`, LOG_FORMAT: 'text' });
    expect(await second.exit).toBe(1);
    expect(second.output()).toMatch(/^\S+Z fatal cannot start error="Error: listen EADDRINUSE/m);
    expect(second.output()).toContain('cannot start: Error: listen EADDRINUSE');
  });
});
