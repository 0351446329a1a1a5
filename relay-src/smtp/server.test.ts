/**
 * One test for each thing that `server.ts` relies on inside smtp-server. When a new version moves one of them,
 * this file says which.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { RawClient } from '../testing/raw-client.ts';
import { ConnectionSet } from './connection-set.ts';
import type { Reply } from './reply.ts';
import { limits, ReplyBook } from './rules.ts';
import {
  libraryReplies,
  RelayServer,
  type AbortReason,
  type MailHandler,
  type RelayServerOptions,
  type Transaction,
} from './server.ts';

const installed = createRequire(import.meta.url).resolve('smtp-server/lib/smtp-connection.js');

describe('the installed smtp-server has what we override and use', () => {
  it.each([
    'init',
    'connectionReady',
    'send',
    'close',
    '_createParser',
    '_setListeners',
    '_onClose',
    '_onCommand',
    '_armTimeout',
    '_onTimeout',
    '_resetSession',
    '_sendGreeting',
    '_transmissionType',
    'upgrade',
    'handler_EHLO',
    'handler_QUIT',
    'handler_MAIL',
    'handler_RCPT',
    'handler_DATA',
  ])('connection.%s', (name) => {
    expect(Reflect.get(SMTPConnection.prototype, name)).toBeInstanceOf(Function);
  });

  it.each(['connect', '_handleProxy', '_expectsProxyHeader', 'updateSecureContext', '_onError'])(
    'server.%s',
    (name) => {
      expect(Reflect.get(SMTPServer.prototype, name)).toBeInstanceOf(Function);
    },
  );

  it.each(['_write', '_flushData'])('stream.%s', (name) => {
    expect(Reflect.get(SMTPStream.prototype, name)).toBeInstanceOf(Function);
  });

  it.each([...libraryReplies.keys()])('the words "%s"', (text) => {
    // Some are put together: the name of the greeting command depends on the protocol.
    const source = readFileSync(installed, 'utf8');
    for (const part of text.split(/(?:HELO\/)?EHLO(?= )/)) expect(source).toContain(part);
  });
});

/** A handler that takes everything, and what was asked of it. */
class Recorder implements Transaction {
  readonly calls: string[] = [];
  endDelay = 0;
  #reply = (code: number): Promise<Reply> =>
    Promise.resolve({ code, enhanced: code === 354 ? '' : '0.0', lines: ['ok'] });

  recipient(): Promise<Reply> {
    return this.#reply(250);
  }
  data(): Promise<Reply> {
    return this.#reply(354);
  }
  write(piece: Buffer): void {
    this.calls.push(`write ${piece.toString()}`);
  }
  cork(): void {}
  uncork(): void {}
  drained(): undefined {
    return undefined;
  }
  keepsPieces(): boolean {
    return false;
  }
  async end(): Promise<Reply> {
    this.calls.push('end');
    await new Promise((resolve) => setTimeout(resolve, this.endDelay));
    return this.#reply(250);
  }
  abort(reason: AbortReason): void {
    this.calls.push(`abort ${reason}`);
  }
}

describe('behaviour at the seams', () => {
  let server: RelayServer | undefined;
  const recorder = new Recorder();

  async function start(options: Partial<RelayServerOptions> = {}): Promise<number> {
    recorder.calls.length = 0;
    recorder.endDelay = 0;
    server = new RelayServer({
      hostname: 'relay.example',
      replies: new ReplyBook('relay.example'),
      bareNewline: 'normalize',
      maxRecipients: undefined,
      maxConnections: 10,
      handler: {
        offers: () => ({ eightBitMime: true, smtpUtf8: true, size: 1_000_000 }),
        mail: async () => ({ reply: { code: 250, enhanced: '1.0', lines: ['ok'] }, transaction: recorder }),
      },
      ...options,
    });
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    const address = server.server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }
  afterEach(() => server?.drain(0));

  /** Answers MAIL when it is told to. */
  function slowHandler(): { handler: MailHandler; asked: () => boolean; answer: () => void } {
    let answer: (() => void) | undefined;
    const handler = {
      offers: () => ({ eightBitMime: true, smtpUtf8: true, size: 1_000_000 }),
      mail: async () => {
        await new Promise<void>((resolve) => (answer = resolve));
        return { reply: { code: 250, enhanced: '1.0', lines: ['ok'] }, transaction: recorder };
      },
    };
    return { handler, asked: () => answer !== undefined, answer: () => answer?.() };
  }

  /** From the greeting on until the message may come. */
  async function toMessage(client: RawClient): Promise<void> {
    await client.reply();
    for (const command of [
      'EHLO client.example',
      'MAIL FROM:<app@ok.example>',
      'RCPT TO:<u@ok.example>',
      'DATA',
    ]) {
      await client.ask(command);
    }
  }

  it('init: the greeting comes without the delay of 100 ms', async () => {
    const port = await start();
    const waits: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const begin = performance.now();
      const client = await RawClient.connect(port);
      expect(await client.reply()).toEqual(['220 relay.example ESMTP']);
      waits.push(performance.now() - begin);
    }
    expect(Math.min(...waits)).toBeLessThan(90);
  });

  it('onConnect: a client that does not wait for the greeting is served in order, and not "too soon"', async () => {
    const client = await RawClient.connect(await start());
    await client.send('NOOP\r\n');
    expect(await client.reply()).toEqual(['220 relay.example ESMTP']);
    expect(await client.reply()).toEqual(['250 2.0.0 Ok']);
  });

  it('_handleProxy: a balancer that never says who is behind it is closed', async () => {
    const client = await RawClient.connect(await start({ proxyFrom: ['127.0.0.1'], proxyTimeout: 50 }));
    expect(await client.line()).toBeUndefined();
  });

  it.each([
    ['RSET', 'reset'],
    ['EHLO again', 'reset'],
    ['HELO again', 'reset'],
    ['QUIT', 'quit'],
  ])('_resetSession: %s ends the transaction by %s', async (command, reason) => {
    const client = await RawClient.connect(await start());
    await client.reply();
    await client.ask('EHLO client.example');
    await client.ask('MAIL FROM:<app@ok.example>');
    await client.ask(command);
    expect(recorder.calls).toEqual([`abort ${reason}`]);
  });

  it('connections: the library takes out of ours what is closing', async () => {
    const client = await RawClient.connect(await start());
    await client.reply();
    expect(server?.connections).toBeInstanceOf(ConnectionSet);
    expect(server?.connections.size).toBe(1);
    await client.ask('QUIT');
    expect(server?.connections.size).toBe(0);
  });

  it('_onClose: a client that leaves ends the transaction, once', async () => {
    const onDisconnect = jest.fn();
    const left = new Promise<void>((resolve) => onDisconnect.mockImplementation(() => resolve()));
    const client = await RawClient.connect(await start({ onDisconnect }));
    await client.reply();
    await client.ask('EHLO client.example');
    await client.ask('MAIL FROM:<app@ok.example>');
    client.close();
    await left;
    expect(recorder.calls).toEqual(['abort gone']);
    expect(onDisconnect).toHaveBeenCalledTimes(1);
  });

  it('_handlerPending: while we decide, the idle time of the client does not count', async () => {
    const port = await start({ limits: { ...limits, idle: { ...limits.idle, value: 0.3 } } });
    const client = await RawClient.connect(port);
    await client.reply();
    recorder.endDelay = 500;
    for (const command of [
      'EHLO client.example',
      'MAIL FROM:<app@ok.example>',
      'RCPT TO:<u@ok.example>',
      'DATA',
    ]) {
      await client.ask(command);
    }
    expect(await client.ask('.')).toEqual(['250 2.0.0 ok']);
  });

  it('_createParser: message bytes arrive as they were sent, dots and all', async () => {
    const client = await RawClient.connect(await start());
    await client.reply();
    for (const command of [
      'EHLO client.example',
      'MAIL FROM:<app@ok.example>',
      'RCPT TO:<u@ok.example>',
      'DATA',
    ]) {
      await client.ask(command);
    }
    await client.send('..a\r\n...\r\n.\r\nNOOP\r\n');
    expect(await client.reply()).toEqual(['250 2.0.0 ok']);
    expect(await client.reply()).toEqual(['250 2.0.0 Ok']);
    expect(recorder.calls).toEqual(['write ..a\r\n...\r\n', 'end']);
  });

  it('the end of the client: what was said to it before leaves, even in the turn in which it ends', async () => {
    const port = await start();
    const heard: Buffer[] = [];
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.on('data', (bytes) => heard.push(bytes));
    // Exactly what one read takes, so that the next one is made at once, and finds the end.
    const ehlo = 'EHLO client.example\r\n';
    const noop = `NOOP ${'x'.repeat(500)}\r\n`;
    const noops = noop.repeat(128);
    const last = `NOOP ${'x'.repeat(65_536 - ehlo.length - noops.length - 7)}\r\n`;
    client.end(`${ehlo}${noops}${last}`);
    await once(client, 'end');
    expect(
      Buffer.concat(heard)
        .toString()
        .match(/^250 2\.0\.0 Ok$/gm),
    ).toHaveLength(129);
  });

  it('_whenWritable: who sends commands and reads no reply is not read any further', async () => {
    const port = await start();
    const client = connect(port, '127.0.0.1').pause();
    await once(client, 'connect');
    client.write('EHLO client.example\r\n');
    const commands = 'HELP\r\n'.repeat(10_000);
    for (let n = 0; n < 200; n += 1) client.write(commands);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // Some of it lies in the buffers of the kernel, and the rest was never read.
    expect(client.writableLength).toBeGreaterThan(0);
    const [connection] = server?.connections ?? [];
    expect(connection?._socket.writableLength).toBeLessThan(100_000);
    client.destroy();
  });

  it('_whenWritable: a flood of commands does not keep another client waiting until its end', async () => {
    const port = await start();
    const [flood, other] = await Promise.all([RawClient.connect(port), RawClient.connect(port)]);
    for (const client of [flood, other]) {
      await client.reply();
      await client.ask('EHLO client.example');
    }
    let answered = 0;
    const count = (async () => {
      for (; answered < 10_000; answered += 1) await flood.reply();
    })();
    void flood.send('NOOP\r\n'.repeat(10_000));
    await other.ask('NOOP');
    expect(answered).toBeLessThan(5000);
    await count;
  });

  it('keeps: commands that wait for the verdict on a message hold no more memory than they need', async () => {
    const client = await RawClient.connect(await start());
    recorder.endDelay = 200;
    await toMessage(client);
    const memory: number[] = [];
    const [connection] = server?.connections ?? [];
    connection?._socket.on('data', (chunk: Buffer) => memory.push(chunk.buffer.byteLength));
    await client.send('.\r\n');
    while (!recorder.calls.includes('end')) await new Promise((resolve) => setTimeout(resolve, 1));
    await client.send('NO');
    await client.reply();
    expect(memory).toEqual([2]);
  });

  describe('take: what needs no way through the stream', () => {
    /** How many reads of a connection went through the stream. */
    const streamed = (): (() => number) => {
      let reads = 0;
      const [connection] = server?.connections ?? [];
      connection?._socket.on('data', () => (reads += 1));
      return () => reads;
    };

    it('is one command a read, and short messages', async () => {
      const client = await RawClient.connect(await start());
      const reads = streamed();
      await toMessage(client);
      await client.send('From: <a@b.example>\r\n\r\n');
      await client.ask('hello\r\n.');
      expect(recorder.calls.join('').replaceAll('write ', '')).toBe(
        'From: <a@b.example>\r\n\r\nhello\r\nend',
      );
      expect(reads()).toBe(0);
    });

    it('is neither two commands, nor a part of one, nor one that ends with a bare LF', async () => {
      const client = await RawClient.connect(await start());
      await client.reply();
      const reads = streamed();
      await client.ask('EHLO client.example');
      await client.send('NOOP\r\nNOOP\r\n');
      await client.reply();
      await client.reply();
      await client.send('NO');
      while (reads() < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      await client.send('OP\r\n');
      await client.reply();
      await client.send('NOOP\n');
      await client.reply();
      expect(reads()).toBe(4);
    });

    it('what follows a message in the same read waits in memory of its own', async () => {
      const port = await start();
      const client = await RawClient.connect(port);
      recorder.endDelay = 100;
      await toMessage(client);
      await client.send('hello\r\n.\r\nRSET\r\nVRFY x\r\n');
      while (!recorder.calls.includes('end')) await new Promise((resolve) => setTimeout(resolve, 1));
      const other = await RawClient.connect(port);
      await other.ask(`EHLO ${'x'.repeat(60)}.example`); // another read into the shared memory
      const codes = [await client.reply(), await client.reply(), await client.reply()];
      expect(codes.map(([line = '']) => line.slice(0, 3))).toEqual(['250', '250', '252']);
    });

    it('commands that come while one is dealt with keep their order', async () => {
      const { handler, answer } = slowHandler();
      const port = await start({ handler });
      const client = await RawClient.connect(port);
      await client.reply();
      await client.ask('EHLO client.example');
      const reads = streamed();
      await client.send('MAIL FROM:<app@ok.example>\r\n');
      await client.send('RCPT TO:<u@ok.example>\r\n');
      while (reads() < 1) await new Promise((resolve) => setTimeout(resolve, 1));
      await client.send('DATA\r\n');
      while (reads() < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      answer();
      const codes = [await client.reply(), await client.reply(), await client.reply()];
      expect(codes.map(([line = '']) => line.slice(0, 3))).toEqual(['250', '250', '354']);
    });

    it('a client that left is not kept in memory for its idle time by what it said last', async () => {
      const { handler, asked, answer } = slowHandler();
      const onRefusal = jest.fn();
      const idle = { ...limits.idle, value: 0.1 };
      const port = await start({ handler, onRefusal, limits: { ...limits, idle } });
      const client = await RawClient.connect(port);
      await client.reply();
      await client.ask('EHLO client.example');
      const reads = streamed();
      await client.send('MAIL FROM:<app@ok.example>\r\n');
      while (!asked()) await new Promise((resolve) => setTimeout(resolve, 1));
      await client.send('NOOP\r\n');
      while (reads() < 1) await new Promise((resolve) => setTimeout(resolve, 1));
      client.close('reset');
      while ((server?.connections.size ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      answer();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(onRefusal).not.toHaveBeenCalled(); // by 421 for a time-out of nobody
    });
  });

  it('_armTimeout: the idle time begins with our last reply', async () => {
    const idle = { ...limits.idle, value: 0.3 };
    const client = await RawClient.connect(await start({ limits: { ...limits, idle } }));
    await client.reply();
    await client.ask('EHLO client.example');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await client.ask('NOOP');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await client.ask('NOOP')).toEqual([expect.stringMatching(/^250 /)]);
    const begin = performance.now();
    expect(await client.reply()).toEqual([expect.stringMatching(/^421 /)]);
    expect(performance.now() - begin).toBeGreaterThan(250);
  });

  it('_flushData: a command without its CRLF at the end of a connection is none', async () => {
    const client = await RawClient.connect(await start());
    await client.reply();
    await client.ask('EHLO client.example');
    await client.send('MAIL FROM:<app@ok.example>');
    client.close();
    while ((server?.connections.size ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(recorder.calls).toEqual([]);
  });
});
