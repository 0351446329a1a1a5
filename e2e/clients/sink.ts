import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';

import { loopback } from '../up/ports.ts';
import { ClientSide } from './wire.ts';
import type { Transaction } from './wire.ts';

const greeting = [
  'sink.example',
  'PIPELINING',
  'SIZE 52428800',
  '8BITMIME',
  'SMTPUTF8',
  'ENHANCEDSTATUSCODES',
];

/** A next hop that accepts all mail and keeps it, octet by octet. */
export interface KeepingSink {
  readonly port: number;
  /** The transactions since the last call. */
  take(): Transaction[];
  stop(): Promise<void>;
}

export async function startKeepingSink(): Promise<KeepingSink> {
  let kept: Transaction[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.setNoDelay(true);
    serve(socket, (transaction) => kept.push(transaction));
  });
  server.listen(0, loopback);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    take() {
      const taken = kept;
      kept = [];
      return taken;
    },
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

function serve(socket: Socket, keep: (transaction: Transaction) => void): void {
  const reply = (code: number, ...lines: string[]): void => {
    const text = lines.map((line, index) => `${code}${index < lines.length - 1 ? '-' : ' '}${line}\r\n`);
    socket.write(text.join(''));
  };
  const client = new ClientSide({
    command(line) {
      switch (line.slice(0, 4).toUpperCase()) {
        case 'EHLO':
          return reply(250, ...greeting);
        case 'MAIL':
        case 'RCPT':
        case 'RSET':
          return reply(250, '2.0.0 Ok');
        case 'DATA':
          client.startMessage();
          return reply(354, 'Go on');
        case 'QUIT':
          reply(221, '2.0.0 Bye');
          return void socket.end();
        default:
          return reply(500, '5.5.2 What?');
      }
    },
    message(transaction) {
      keep(transaction);
      reply(250, '2.0.0 Kept');
    },
  });
  socket.on('data', (bytes) => client.push(bytes));
  reply(220, 'sink.example ESMTP');
}
