import { messageOf, runClient, server } from './client.ts';
import type { Client } from './client.ts';

/** swaks, the Swiss Army Knife for SMTP. */
export const swaks: Client = {
  name: 'swaks',
  lacks: ['8BITMIME', 'SMTPUTF8'],
  send: (mail, port) => {
    const options = {
      '--server': server,
      '--port': String(port),
      '--helo': 'client.example',
      '--from': mail.from,
      '--to': mail.to.join(','),
      '--data': '-',
    };
    // Without the message, which it would print as well.
    return runClient(
      'swaks',
      [...Object.entries(options).flat(), '--pipeline', '--suppress-data'],
      // It adds a line end of its own.
      messageOf(mail).slice(0, -'\r\n'.length),
    );
  },
};
