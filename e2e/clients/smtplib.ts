import { join } from 'node:path';

import { messageOf, runClient, server } from './client.ts';
import type { Client } from './client.ts';

const script = join(import.meta.dirname, 'smtplib_client.py');

/** smtplib of Python's standard library. */
export const smtplib: Client = {
  name: 'smtplib',
  lacks: ['PIPELINING'],
  send: (mail, port) =>
    runClient('python3', [script, server, String(port), mail.from, ...mail.to], messageOf(mail)),
};
