import { createTransport } from 'nodemailer';

import { is8Bit, messageOf, server } from './client.ts';
import type { Client } from './client.ts';

/** nodemailer, what Node applications send with. */
export const nodemailer: Client = {
  name: 'nodemailer',
  lacks: [],
  async send(mail, port) {
    const transport = createTransport({ host: server, port, ignoreTLS: true, name: 'client.example' });
    const envelope = { from: mail.from, to: [...mail.to], use8BitMime: is8Bit(mail.body) };
    try {
      const { response, rejected } = await transport.sendMail({ envelope, raw: messageOf(mail) });
      return { accepted: rejected.length === 0, transcript: response };
    } catch (error) {
      return { accepted: false, transcript: String(error) };
    } finally {
      transport.close();
    }
  },
};
