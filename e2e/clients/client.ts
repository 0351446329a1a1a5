import { spawn } from 'node:child_process';

import { loopback } from '../up/ports.ts';

export interface Mail {
  readonly from: string;
  /** Recipients of the envelope. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly body: string;
}

export interface Outcome {
  /** Whether the client took the mail for delivered, by its exit code. */
  readonly accepted: boolean;
  /** All that the client printed; the server's replies are in it. */
  readonly transcript: string;
}

/** A mail program from Debian, driven as its users do it. */
export interface Client {
  /** The name of its program, and of its package. */
  readonly name: string;
  send(mail: Mail, port: number): Promise<Outcome>;
}

const timeoutMilliseconds = 60_000;

/** Runs a client with `input` on its standard input. */
export function runClient(command: string, args: string[], input: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { timeout: timeoutMilliseconds });
    let transcript = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (transcript += text));
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ accepted: code === 0, transcript }));
    // A client that was refused may end before it has read its input.
    child.stdin.on('error', () => {}).end(input);
  });
}

/** The mail as text with one recipient a `To:`; the rest of the envelope is blind. */
export function messageOf({ from, to, subject, body }: Mail): string {
  const header = [`From: ${from}`, `To: ${to[0]}`, `Subject: ${subject}`];
  return `${header.join('\r\n')}\r\n\r\n${body}\r\n`;
}

export const server = loopback;
