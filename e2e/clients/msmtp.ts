import { messageOf, runClient, server } from './client.ts';
import type { Client } from './client.ts';

/** msmtp, the usual sendmail of containers and cron jobs. */
export const msmtp: Client = {
  name: 'msmtp',
  lacks: ['8BITMIME', 'SMTPUTF8'],
  send: (mail, port) => {
    const options = {
      '--host': server,
      '--port': String(port),
      '--domain': 'client.example',
      '--from': mail.from,
    };
    return runClient('msmtp', [...Object.entries(options).flat(), ...mail.to], messageOf(mail));
  },
};
