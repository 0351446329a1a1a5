import { Writable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { Outgoing } from './outgoing.ts';

const writes: string[] = [];

/** Stands for a socket: what is written to it is listed with its name. */
function listed(name: string): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: string, encoding, done) {
      writes.push(`${name} ${encoding}: ${text}`);
      done();
    },
  });
}

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('all that is said in a turn leaves at its end, in one write a peer, to clients first', async () => {
  writes.length = 0;
  const hop = new Outgoing(listed('hop'), 'next hop');
  const one = new Outgoing(listed('one'), 'client');
  const two = new Outgoing(listed('two'), 'client');
  hop.write('DATA ');
  one.write('250 ');
  hop.write('x');
  await Promise.resolve();
  two.write('354');
  one.write('ok');
  expect(writes).toEqual([]);
  await endOfTurn();
  expect(writes).toEqual(['one latin1: 250 ok', 'two latin1: 354', 'hop latin1: DATA x']);
  one.write('221');
  await endOfTurn();
  expect(writes.at(-1)).toBe('one latin1: 221');
});

it('what is said while it leaves has its own turn', async () => {
  writes.length = 0;
  const second = new Outgoing(listed('second'), 'client');
  const socket = listed('first');
  const first = new Outgoing(socket, 'client');
  socket.write = () => {
    second.write('b');
    return true;
  };
  first.write('a');
  await endOfTurn();
  await endOfTurn();
  expect(writes).toEqual(['second latin1: b']);
});

it('flush keeps the order with what is written to the socket itself', () => {
  writes.length = 0;
  const socket = listed('hop');
  const hop = new Outgoing(socket, 'next hop');
  hop.write('Received');
  hop.flush();
  socket.write('message', 'latin1');
  hop.flush();
  expect(writes).toEqual(['hop latin1: Received', 'hop latin1: message']);
});

it('more than 16 KiB in one turn is enough', async () => {
  const client = new Outgoing(listed('client'), 'client');
  client.write('x'.repeat(16_384));
  expect(client.full).toBe(false);
  client.write('y');
  expect(client.full).toBe(true);
  await endOfTurn();
  expect(client.full).toBe(false);
});

it('a socket that is closed gets nothing', async () => {
  writes.length = 0;
  const socket = listed('gone');
  const gone = new Outgoing(socket, 'client');
  gone.write('250');
  socket.destroy();
  await endOfTurn();
  expect(writes).toEqual([]);
});
