import { runClient, server } from './client.ts';
import type { Client } from './client.ts';

/** swaks, the Swiss Army Knife for SMTP; makes its own message. */
export const swaks: Client = {
  name: 'swaks',
  send: ({ from, to, subject, body }, port) => {
    const options = {
      '--server': server,
      '--port': String(port),
      '--helo': 'client.example',
      '--from': from,
      '--to': to.join(','),
      '--h-To': to[0] ?? '',
      '--h-Subject': subject,
      '--body': body,
    };
    return runClient('swaks', Object.entries(options).flat(), '');
  },
};
