import { SMTPServer } from 'smtp-server';
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';

import type { Destination } from './destination.ts';
import { loopback } from './ports.ts';

/** Enough to see what arrived; attachments are not for reading. */
const shownCharacters = 4000;

/**
 * A stand-in for Mailpit where Mailpit cannot be had: accepts every mail, prints it and forgets it.
 */
export async function startSink(port: number, say: (line: string) => void): Promise<Destination> {
  const server = new SMTPServer({
    name: 'sink',
    banner: 'stand-in for Mailpit',
    disabledCommands: ['AUTH', 'STARTTLS'],
    hideSTARTTLS: true,
    disableReverseLookup: true,
    onData(stream, session, callback) {
      show(stream, session, say).then(() => callback(), callback);
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, loopback, resolve);
  });
  return {
    name: 'the sink (a stand-in for Mailpit: it prints what arrives, and keeps nothing)',
    smtpPort: port,
    ended: new Promise(() => {}),
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

async function show(
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  say: (line: string) => void,
): Promise<void> {
  const text = Buffer.concat(await stream.toArray()).toString();
  const { mailFrom, rcptTo } = session.envelope;
  const recipients = rcptTo.map(({ address }) => `<${address}>`).join(', ');
  const cut = text.length > shownCharacters ? `\n… ${text.length - shownCharacters} more characters` : '';
  say(`from <${mailFrom ? mailFrom.address : ''}> to ${recipients}\n${text.slice(0, shownCharacters)}${cut}`);
}
