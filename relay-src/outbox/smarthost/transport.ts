/** Mail through a provider's SMTP submission server. */
import { readFile } from 'node:fs/promises';
import { ClientError, connectClient, type Client, type NextHop } from '../../smtp/client.ts';
import { DotStuffer } from '../../smtp/data.ts';
import { Pool, PoolBusyError, type Lease } from '../../smtp/pool.ts';
import { isPositive, type Reply } from '../../smtp/reply.ts';
import { logIn, LoginError } from '../../smtp/sasl.ts';
import { orGivenUp } from '../given-up.ts';
import { HttpClient, type Waits } from '../http.ts';
import { needsOf, submission, type Needs } from '../message/submission.ts';
import { TokenError, TokenSource } from '../oauth/token.ts';
import { readSecret } from '../secret.ts';
import type { Delivery, Refusal, Transport, Verdict, Verdicts } from '../transport.ts';
import type { SmarthostConfig } from './config.ts';
import { senderVerdict, verdictOf } from './verdict.ts';

export interface SmarthostParts {
  /** Our name in EHLO. */
  readonly name: string;
  /** In milliseconds; a test shortens them. */
  readonly waits?: Partial<SmarthostWaits>;
}

interface SmarthostWaits extends Waits {
  readonly reply: number;
  readonly block: number;
  readonly final: number;
  readonly idle: number;
  /** For a connection to come free. */
  readonly room: number;
}

/** RFC 5321 4.5.3.2; ten minutes for the final answer, since nobody waits behind us. */
const defaultWaits: SmarthostWaits = {
  connect: 30_000,
  request: 60_000,
  reply: 300_000,
  block: 180_000,
  final: 600_000,
  idle: 30_000,
  room: 30_000,
};

/** Reads the files that the configuration names. Throws if one cannot be read or used. */
export async function createSmarthostTransport(
  config: SmarthostConfig,
  parts: SmarthostParts,
): Promise<Transport> {
  const waits = { ...defaultWaits, ...parts.waits };
  const ca = config.ca === undefined ? undefined : await readFile(config.ca, 'utf8');
  if (config.password !== undefined) await readSecret(config.password);
  const { oauth } = config;
  let tokens: TokenSource | undefined;
  let http: HttpClient | undefined;
  if (oauth !== undefined) {
    http = new HttpClient({ ca: oauth.ca, proxy: oauth.proxy, waits });
    tokens = new TokenSource(oauth, oauth.scope, http);
    await http.prepare();
    await tokens.prepare();
  }
  return new SmarthostTransport(config, parts.name, ca, waits, tokens, http);
}

class SmarthostTransport implements Transport {
  readonly kind = 'smarthost';
  readonly #config: SmarthostConfig;
  readonly #hop: NextHop;
  readonly #pool: Pool;
  readonly #tokens: TokenSource | undefined;
  readonly #http: HttpClient | undefined;

  constructor(
    config: SmarthostConfig,
    name: string,
    ca: string | undefined,
    waits: SmarthostWaits,
    tokens: TokenSource | undefined,
    http: HttpClient | undefined,
  ) {
    const { host, maxConnections, port, tls } = config;
    this.#config = config;
    this.#tokens = tokens;
    this.#http = http;
    this.#hop = {
      host,
      port: port ?? (tls === 'implicit' ? 465 : 587),
      name,
      connectTimeout: waits.connect,
      replyTimeout: waits.reply,
      blockTimeout: waits.block,
      finalTimeout: waits.final,
      ...(tls === 'none' ? {} : { tls: { mode: tls, ca } }),
    };
    this.#pool = new Pool({
      hop: this.#hop,
      maxConnections,
      maxWait: waits.room,
      idleTime: waits.idle,
      connect: () => this.#connect(),
    });
  }

  /** What it said last time; its EHLO is not heard before the first message. */
  get maxSize(): number | undefined {
    return this.#pool.extensions?.size;
  }

  mailboxOf(): string {
    return this.#config.user ?? this.#config.host;
  }

  refuse(): Promise<Refusal | undefined> {
    return Promise.resolve(undefined);
  }

  async deliver(delivery: Delivery): Promise<Verdicts> {
    let message: Buffer;
    try {
      message = submission(await delivery.read());
    } catch (error) {
      return all(delivery, deferred('message', error));
    }
    let lease;
    try {
      lease = await this.#lease(delivery.signal);
    } catch (error) {
      return all(delivery, deferred('mailbox', error));
    }
    const first = new Submission(delivery, message, lease.client, this.#pool);
    const verdicts = await first.run();
    if (!lease.kept || !first.stale || delivery.signal.aborted) return verdicts;
    // A kept connection had gone stale. No message was begun on it, so once more on a new one.
    try {
      const { client } = await this.#lease(delivery.signal, true);
      return await new Submission(delivery, message, client, this.#pool).run();
    } catch (error) {
      return all(delivery, deferred('mailbox', error));
    }
  }

  expiry(): ReturnType<Transport['expiry']> {
    return this.#tokens?.expiry() ?? {};
  }

  /** Nothing is remembered here. */
  discard(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#pool.close();
    await this.#http?.close();
  }

  /** A connection that comes when it is not wanted any more is for others. */
  async #lease(signal: AbortSignal, fresh = false): Promise<Lease> {
    const lease = this.#pool.acquire(fresh);
    try {
      return await orGivenUp(lease, signal, () => new Error('given up'));
    } catch (error) {
      lease.then(
        ({ client }) => this.#pool.release(client),
        () => undefined,
      );
      throw error;
    }
  }

  async #connect(): Promise<Client> {
    const { password, user } = this.#config;
    if (user === undefined) return connectClient(this.#hop);
    if (this.#tokens === undefined) {
      const login = { kind: 'password', user, password: await readSecret(password ?? '') } as const;
      return this.#logIn(login);
    }
    const token = await this.#tokens.get();
    try {
      return await this.#logIn({ kind: 'token', user, token });
    } catch (error) {
      if (!(error instanceof LoginError) || error.reply === undefined) throw error;
      const renewed = await this.#tokens.get(token);
      return this.#logIn({ kind: 'token', user, token: renewed });
    }
  }

  async #logIn(login: Parameters<typeof logIn>[1]): Promise<Client> {
    const client = await connectClient(this.#hop);
    try {
      await logIn(client, login);
      return client;
    } catch (error) {
      client.quit();
      throw error;
    }
  }
}

/** One message on one connection, which it gives back or gives up. */
class Submission {
  /** The connection turned out to be dead before anything was said about this message. */
  stale = false;
  readonly #delivery: Delivery;
  readonly #message: Buffer;
  readonly #client: Client;
  readonly #pool: Pool;
  readonly #verdicts = new Map<string, Verdict>();
  /** The dot was sent: from here on it may have been taken. */
  #dotSent = false;

  constructor(delivery: Delivery, message: Buffer, client: Client, pool: Pool) {
    this.#delivery = delivery;
    this.#message = message;
    this.#client = client;
    this.#pool = pool;
  }

  async run(): Promise<Verdicts> {
    const { signal } = this.#delivery;
    const abort = (): void => this.#client.destroy();
    signal.addEventListener('abort', abort);
    try {
      if (signal.aborted) abort();
      await this.#submit();
      if (this.#client.inMessage) this.#pool.discard(this.#client);
      else this.#pool.release(this.#client);
    } catch (error) {
      this.#pool.discard(this.#client);
      const answer = textOf(error);
      this.#rest(
        this.#dotSent
          ? { result: 'unknown', scope: 'message', answer }
          : error instanceof ClientError
            ? deferred('message', error)
            : // The bytes cannot be sent as they are: a bare CR or LF.
              { result: 'failed', status: '5.6.0', answer },
      );
    } finally {
      signal.removeEventListener('abort', abort);
    }
    return this.#verdicts;
  }

  async #submit(): Promise<void> {
    const { recipients, sender } = this.#delivery;
    const needs = needsOf(this.#message, [sender, ...recipients]);
    const problem = missing(needs, this.#message.length, this.#client);
    if (problem !== undefined) {
      this.#rest(problem);
      return;
    }
    const accepted = await this.#envelope(needs);
    if (accepted.length === 0) return;
    const data = await this.#client.data();
    if (data.code !== 354) {
      this.#rest(
        isPositive(data) ? deferred('message', new Error('next hop skips the message')) : verdictOf(data),
      );
      return;
    }
    await this.#write();
    // Lost, or answered before its end: then no dot goes out.
    this.#dotSent = !this.#client.answeredEarly && this.#client.usable;
    this.#rest(verdictOf(await this.#client.end()));
  }

  /** MAIL and RCPT; returns the recipients that were accepted. */
  async #envelope(needs: Needs): Promise<string[]> {
    const { recipients, sender } = this.#delivery;
    const { size } = this.#client.extensions;
    const mail =
      `MAIL FROM:<${sender}>` +
      (size === undefined ? '' : ` SIZE=${this.#message.length}`) +
      (needs.eightBitMime ? ' BODY=8BITMIME' : '') +
      (needs.smtpUtf8 ? ' SMTPUTF8' : '');
    const [first = '', ...others] = recipients;
    const begun = await this.#client.begin(mail, `RCPT TO:<${first}>`).catch((error: unknown) => {
      this.stale = true;
      throw error;
    });
    if (begun.mail.code === 421) this.stale = true;
    if (begun.rcpt === undefined) {
      this.#rest(
        isPositive(begun.mail) ? deferred('message', new Error('no answer')) : senderVerdict(begun.mail),
      );
      return [];
    }
    const accepted: string[] = [];
    const heard = (recipient: string, reply: Reply): void => {
      if (isPositive(reply)) accepted.push(recipient);
      else this.#verdicts.set(recipient, verdictOf(reply));
    };
    heard(first, begun.rcpt);
    for (const recipient of others) heard(recipient, await this.#client.rcpt(`RCPT TO:<${recipient}>`));
    return accepted;
  }

  async #write(): Promise<void> {
    const stuffer = new DotStuffer();
    const step = 65_536;
    for (let at = 0; at < this.#message.length && !this.#client.answeredEarly; at += step) {
      for (const piece of stuffer.push(this.#message.subarray(at, at + step))) this.#client.write(piece);
      await this.#client.drained();
    }
    for (const piece of stuffer.end()) this.#client.write(piece);
  }

  /** The same for all recipients of whom nothing was said yet. */
  #rest(verdict: Verdict): void {
    for (const recipient of this.#delivery.recipients) {
      if (!this.#verdicts.has(recipient)) this.#verdicts.set(recipient, verdict);
    }
  }
}

/** What this next hop cannot carry. It is not made to fit: that would break signatures, and readers. */
function missing(needs: Needs, size: number, { extensions }: Client): Verdict | undefined {
  if (needs.smtpUtf8 && !extensions.smtpUtf8) {
    return {
      result: 'failed',
      status: '5.6.7',
      answer: 'the next hop does not take addresses or headers in UTF-8',
    };
  }
  if (needs.eightBitMime && !extensions.eightBitMime) {
    return { result: 'failed', status: '5.6.3', answer: 'the next hop does not take 8-bit content' };
  }
  if (size > (extensions.size ?? Infinity)) {
    return { result: 'failed', status: '5.3.4', answer: `the next hop takes ${extensions.size} octets` };
  }
  return undefined;
}

/** Nothing was sent; the login and the connection are the mailbox's, everything else the message's. */
function deferred(scope: 'message' | 'mailbox', error: unknown): Verdict {
  const prefix = error instanceof TokenError ? 'no token: ' : '';
  // Too many at once is nobody's trouble.
  return {
    result: 'deferred',
    scope: error instanceof PoolBusyError ? 'message' : scope,
    answer: prefix + textOf(error),
  };
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const all = ({ recipients }: Delivery, verdict: Verdict): Verdicts =>
  new Map(recipients.map((recipient) => [recipient, verdict]));
