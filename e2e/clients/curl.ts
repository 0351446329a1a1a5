import { messageOf, runClient, server } from './client.ts';
import type { Client } from './client.ts';

export const curl: Client = {
  name: 'curl',
  lacks: ['8BITMIME', 'PIPELINING'],
  send: (mail, port) => {
    const url = `smtp://${server}:${port}/client.example`;
    const recipients = mail.to.flatMap((recipient) => ['--mail-rcpt', recipient]);
    return runClient(
      'curl',
      ['-sSv', '--url', url, '--mail-from', mail.from, ...recipients, '--upload-file', '-'],
      messageOf(mail),
    );
  },
};
