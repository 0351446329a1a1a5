/** Logging in to a next hop (RFC 4954): PLAIN, LOGIN, and XOAUTH2 as Microsoft and Google have it. */
import type { Client } from './client.ts';
import { replyText, type Reply } from './reply.ts';

export type Login =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly user: string; readonly token: string };

/** The login was refused, or cannot be made. The connection is of no further use. */
export class LoginError extends Error {
  /** The reply that refused it; undefined if the next hop offers no way that we know. */
  readonly reply: Reply | undefined;
  constructor(message: string, reply?: Reply) {
    super(message);
    this.reply = reply;
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Logs in with what the next hop offers. Throws {@link LoginError}, or ClientError if the connection is lost. */
export async function logIn(client: Client, login: Login): Promise<void> {
  const { auth } = client.extensions;
  let reply: Reply;
  if (login.kind === 'token') {
    if (!auth.includes('XOAUTH2')) throw new LoginError('next hop does not offer AUTH XOAUTH2');
    reply = await client.ask(
      `AUTH XOAUTH2 ${base64(`user=${login.user}\x01auth=Bearer ${login.token}\x01\x01`)}`,
    );
    // It explains itself first, and says no when that is heard.
    if (reply.code === 334) reply = await client.ask('');
  } else if (auth.includes('PLAIN')) {
    reply = await client.ask(`AUTH PLAIN ${base64(`\0${login.user}\0${login.password}`)}`);
  } else if (auth.includes('LOGIN')) {
    reply = await client.ask('AUTH LOGIN');
    if (reply.code === 334) reply = await client.ask(base64(login.user));
    if (reply.code === 334) reply = await client.ask(base64(login.password));
  } else {
    throw new LoginError('next hop offers neither AUTH PLAIN nor AUTH LOGIN');
  }
  if (reply.code !== 235) throw new LoginError(`login refused: ${replyText(reply)}`, reply);
}
