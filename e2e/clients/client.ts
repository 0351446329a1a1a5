import { spawn } from 'node:child_process';

import { loopback } from '../up/ports.ts';

export interface Mail {
  readonly from: string;
  /** Recipients of the envelope. */
  readonly to: readonly string[];
  readonly subject: string;
  /** Lines end with CRLF; the last one without. */
  readonly body: string;
}

export interface Outcome {
  /** Whether the client took the mail for delivered. */
  readonly accepted: boolean;
  /** All that the client had to say; the server's refusals are in it. */
  readonly transcript: string;
}

/** What a client may do with a server that offers it. */
export type Ability = '8BITMIME' | 'SMTPUTF8' | 'PIPELINING';

/** A mail program or library, driven as its users do it. */
export interface Client {
  readonly name: string;
  /** What it has no way to do. */
  readonly lacks: readonly Ability[];
  send(mail: Mail, port: number): Promise<Outcome>;
}

const timeoutMilliseconds = 60_000;

/** Runs a client with `input` on its standard input; it took the mail for delivered if it exits with 0. */
export function runClient(command: string, args: readonly string[], input: string): Promise<Outcome> {
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

/** Whether a text has octets beyond ASCII in UTF-8. */
export const is8Bit = (text: string): boolean => /[^\0-\x7f]/.test(text);

/** The mail as text with one recipient a `To:`; the rest of the envelope is blind. */
export function messageOf({ from, to, subject, body }: Mail): string {
  const header = [
    `From: ${from}`,
    `To: ${to[0]}`,
    `Subject: ${subject}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Transfer-Encoding: ${is8Bit(body) ? '8bit' : '7bit'}`,
  ];
  return `${header.join('\r\n')}\r\n\r\n${body}\r\n`;
}

export const server = loopback;
