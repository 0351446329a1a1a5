/** The command line's end of the socket. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { errorCode } from '../spool/files.ts';
import { answer, type Answer, type Request } from './protocol.ts';

/** No program serves this spool. */
export class NotRunning extends Error {}

/** Whether a program serves this spool now. */
export async function isServed(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if (!['ENOENT', 'ECONNREFUSED'].includes(errorCode(error) ?? '')) throw error;
    return false;
  } finally {
    socket.destroy();
  }
}

/** Sends a command to the program that has the spool, and hands on what it says. Rejects with NotRunning. */
export async function send(path: string, request: Request, each: (answer: Answer) => void): Promise<void> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    if (!['ENOENT', 'ECONNREFUSED'].includes(errorCode(error) ?? '')) throw error;
    throw new NotRunning(`outbox does not run with this spool: nobody answers on ${path}`, { cause: error });
  }
  socket.write(`${JSON.stringify(request)}\n`);
  for await (const line of createInterface({ input: socket })) each(answer.parse(JSON.parse(line)));
}
