import { messageOf, runClient, server } from './client.ts';
import type { Client } from './client.ts';

/** msmtp, the usual sendmail of containers and cron jobs. */
export const msmtp: Client = {
  name: 'msmtp',
  send: (mail, port) =>
    runClient(
      'msmtp',
      [
        '--host',
        server,
        '--port',
        String(port),
        '--domain',
        'client.example',
        '--from',
        mail.from,
        ...mail.to,
      ],
      messageOf(mail),
    ),
};
