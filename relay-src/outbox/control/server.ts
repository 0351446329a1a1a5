/** Commands that change something, carried out by the program that has the spool. */
import { chmod } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Log } from '../../daemon/log.ts';
import { NoSuchMessage } from '../spool/errors.ts';
import { realFiles } from '../spool/files.ts';
import type { Message, State } from '../spool/message.ts';
import type { Spool } from '../spool/spool.ts';
import { maxRequest, request, type Answer, type Request } from './protocol.ts';

export interface ControlOptions {
  readonly spool: Spool;
  readonly log: Log;
  /** A message was deleted; for what it left elsewhere. */
  readonly onDeleted?: (message: Message) => Promise<void>;
}

export interface Control {
  close(): Promise<void>;
}

/** Messages that are changed at once. */
const atOnce = 16;

/** Serves the socket in the spool. Resolves when it listens. */
export async function startControl(options: ControlOptions): Promise<Control> {
  const { log, spool } = options;
  const path = spool.layout.file('control');
  // We have the lock: whoever left this one here is gone.
  await realFiles.remove(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    serve(options, socket).catch((error: unknown) => {
      log.error({ error: String(error) }, 'command failed');
      socket.destroy();
    });
  });
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o600);
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function serve(options: ControlOptions, socket: Socket): Promise<void> {
  const say = (answer: Answer): void => void socket.write(`${JSON.stringify(answer)}\n`);
  const text = await firstLine(socket);
  if (text === undefined) return;
  const { command, what } = request.parse(JSON.parse(text));
  const meant = Array.isArray(what) ? undefined : what.state;
  const ids = Array.isArray(what)
    ? what
    : [...options.spool.messages()].filter(({ state }) => state === meant).map(({ id }) => id);
  const next = ids.values();
  const worker = async (): Promise<void> => {
    for (const id of next) {
      const answer = await carryOut(options, command, id, meant);
      if (answer !== undefined) say(answer);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  socket.end();
}

/**
 * Waits for an attempt that is under way with this message. Of all messages in a state (`meant`), one that was sent or
 * came into another state meanwhile is not one of them any more: undefined.
 */
async function carryOut(
  options: ControlOptions,
  command: Request['command'],
  id: string,
  meant: State | undefined,
): Promise<Answer | undefined> {
  const { log, spool } = options;
  try {
    const text = await spool.exclusive(id, () => perform(options, command, id, meant));
    if (text === undefined) return undefined;
    log.info({ id, command }, 'command');
    return { id, ok: true, text };
  } catch (error) {
    const gone = error instanceof NoSuchMessage;
    if (gone && meant !== undefined) return undefined;
    if (!gone) log.error({ id, command, error: String(error) }, 'command failed');
    return { id, ok: false, text: error instanceof Error ? error.message : String(error) };
  }
}

async function perform(
  { spool, onDeleted }: ControlOptions,
  command: Request['command'],
  id: string,
  meant: State | undefined,
): Promise<string | undefined> {
  const message = await spool.load(id);
  if (meant !== undefined && message.state !== meant) return undefined;
  if (command === 'delete') {
    await spool.finish(id, { result: 'deleted', answer: 'deleted by an operator' });
    await onDeleted?.(message);
    return 'deleted';
  }
  if (command === 'hold') {
    await spool.update(id, { state: 'held', reason: 'held by an operator' });
    return 'held';
  }
  await spool.update(id, { state: 'queued', next: Date.now(), reason: null, anew: true });
  return message.state === 'queued' ? 'due now' : `queued again, was ${message.state}`;
}

/** The request; undefined if the client left before it was complete. */
async function firstLine(socket: Socket): Promise<string | undefined> {
  let octets = 0;
  socket.on('data', (chunk) => {
    octets += chunk.length;
    if (octets > maxRequest) socket.destroy();
  });
  for await (const line of createInterface({ input: socket })) return line;
  return undefined;
}
