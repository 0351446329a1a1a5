import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

import { loopback } from '../up/ports.ts';
import { ClientSide } from './wire.ts';
import type { Transaction } from './wire.ts';

/** What a client did on the wire. */
export interface Heard {
  readonly transactions: Transaction[];
  /** A command was sent before the answer to the one before it could be known. */
  readonly pipelined: boolean;
}

/** Stands between client and server, passes on every octet and listens. */
export interface Tap {
  readonly port: number;
  /** What was heard since the last call. */
  take(): Heard;
  stop(): Promise<void>;
}

export async function startTap(serverPort: number): Promise<Tap> {
  let heard = { transactions: new Array<Transaction>(), pipelined: false };
  const sockets = new Set<Socket>();
  const tap = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ port: serverPort, host: loopback, allowHalfOpen: true });
    for (const [socket, peer] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => sockets.delete(socket)).on('error', () => peer.destroy());
    }
    listen(client, server, {
      pipelined: () => (heard.pipelined = true),
      transaction: (transaction) => heard.transactions.push(transaction),
    });
    client.pipe(server);
    server.pipe(client);
  });
  tap.listen(0, loopback);
  await once(tap, 'listening');
  const address = tap.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    take() {
      const taken = heard;
      heard = { transactions: [], pipelined: false };
      return taken;
    },
    async stop() {
      tap.close();
      for (const socket of sockets) socket.destroy();
      await once(tap, 'close');
    },
  };
}

function listen(
  client: Socket,
  server: Socket,
  on: { pipelined(): void; transaction(transaction: Transaction): void },
): void {
  // The greeting, then one for each command and each message.
  let repliesOwed = 1;
  const said = (): void => {
    if (repliesOwed > 0) on.pipelined();
    repliesOwed += 1;
  };
  const side = new ClientSide({
    command: said,
    message(transaction) {
      said();
      on.transaction(transaction);
    },
  });
  client.on('data', (bytes: Buffer) => side.push(bytes));

  let begun = '';
  server.on('data', (bytes: Buffer) => {
    const lines = `${begun}${bytes.toString('latin1')}`.split('\r\n');
    begun = lines.pop() ?? '';
    for (const line of lines) {
      if (/^\d{3}-/.test(line)) continue;
      repliesOwed -= 1;
      if (line.startsWith('354')) side.startMessage();
    }
  });
}
