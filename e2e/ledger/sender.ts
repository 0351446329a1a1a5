/** A client that does not give up: it hands in each message until it hears 250, as mx-validator's clients do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError, connectClient, type Client } from '../../relay-src/smtp/client.ts';
import { DotStuffer } from '../../relay-src/smtp/data.ts';
import { fromClause, receivedHeader } from '../../relay-src/smtp/received.ts';
import type { Random } from '../../relay-src/testing/random.ts';
import type { Statistics } from '../soak/statistics.ts';
import { loopback } from '../up/ports.ts';
import { sha256, type Entry } from './books.ts';

/** A message and when its client begins with it, in milliseconds from the start. */
export interface Mail {
  readonly entry: Entry;
  readonly at: number;
  /** As the application wrote it. */
  readonly text: Buffer;
}

export interface SenderOptions {
  readonly port: number;
  readonly mails: IterableIterator<Mail>;
  readonly random: Random;
  readonly statistics: Statistics;
  /** By the monotonic clock. */
  readonly begun: number;
  /** Nobody tries after this. */
  readonly signal: AbortSignal;
}

const timeouts = { connectTimeout: 5000, replyTimeout: 40_000, blockTimeout: 40_000, finalTimeout: 40_000 };
/** How often a client leaves before it hears the answer to its dot. */
const impatience = 0.03;
/** Octets of the largest body: what Graph takes as MIME, less its headers. */
const largest = 2_000_000;

/** The messages of a run, in the order of their time. */
export function makeMails(count: number, seconds: number, random: Random): Mail[] {
  const mailboxes = Math.max(10, Math.ceil(count / 15));
  return Array.from({ length: count }, (_, n): Mail => {
    const permanent = random.chance(0.01);
    const kind = permanent ? 'refused' : 'app';
    const sender = `${kind}${random.whole(1, mailboxes)}@ledger.example`;
    const recipients = Array.from(
      { length: random.whole(1, 3) },
      (__, index) => `r${n}-${index}@example.org`,
    );
    const [first = '', ...others] = recipients;
    const id = `<${n}@ledger>`;
    const body = makeBody(random);
    const header = `From: ${sender}\r\nTo: ${first}\r\nCc: ${others[0] ?? first}\r\nMessage-ID: ${id}\r\nSubject: ${n}\r\n\r\n`;
    return {
      at: (n / count) * seconds * 1000,
      text: Buffer.concat([Buffer.from(header), body]),
      entry: { id, sender, recipients, permanent, bodySha256: sha256(body), acknowledged: undefined },
    };
  });
}

function makeBody(random: Random): Buffer {
  const octets = random.chance(0.01) ? random.spread(100_000, largest) : random.spread(10, 20_000);
  const line = `${random.chance(0.2) ? '.' : ''}${String(random.fraction())} `.repeat(random.whole(1, 4));
  return Buffer.from(`${line}\r\n`.repeat(Math.ceil(octets / (line.length + 2))));
}

/** Sends until there is nothing left to send. */
export async function sendAll(options: SenderOptions): Promise<void> {
  const { begun, mails, signal } = options;
  const sender = new Sender(options);
  for (const mail of mails) {
    await sleep(Math.max(0, begun + mail.at - performance.now()), undefined, { signal }).catch(
      () => undefined,
    );
    while (mail.entry.acknowledged === undefined && !signal.aborted) await sender.try(mail);
  }
  sender.quit();
}

class Sender {
  readonly #options: SenderOptions;
  #client: Client | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  quit(): void {
    this.#client?.quit();
  }

  /** One transaction, and a pause if it did not end with 250. */
  async try(mail: Mail): Promise<void> {
    const { random, signal, statistics } = this.#options;
    let said: string;
    try {
      said = await this.#send(mail);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.#client = undefined;
      said = `connection: ${error.failure}`;
    }
    const id = /^250 2\.0\.0 queued as (\w+)$/.exec(said)?.[1];
    statistics.count(id === undefined ? said : '250');
    if (id !== undefined) mail.entry.acknowledged = id;
    else {
      if (said.startsWith('5')) statistics.wrong(`${mail.entry.id}: ${said}`);
      await sleep(random.whole(50, 500), undefined, { signal }).catch(() => undefined);
    }
  }

  async #send({ entry, text }: Mail): Promise<string> {
    const { port, random } = this.#options;
    const client = (this.#client ??= await connectClient({
      host: loopback,
      port,
      name: 'relay.example',
      ...timeouts,
    }));
    client.onIdleLoss = () => (this.#client = undefined);
    const [first = '', ...others] = entry.recipients.map((recipient) => `RCPT TO:<${recipient}>`);
    const begun = await client.begin(`MAIL FROM:<${entry.sender}> SIZE=${text.length}`, first);
    const replies = [begun.mail, begun.rcpt ?? begun.mail];
    for (const command of others) if (replies.at(-1)?.code === 250) replies.push(await client.rcpt(command));
    if (replies.at(-1)?.code === 250) replies.push(await client.data());
    const last = replies.at(-1);
    if (last?.code !== 354) return words(last);
    const trace = receivedHeader({
      from: fromClause('app.example', '192.0.2.7'),
      by: 'relay.example',
      protocol: 'ESMTP',
      id: random.whole(1e8, 1e9).toString(36),
      recipient: undefined,
      time: Date.now(),
    });
    const stuffer = new DotStuffer();
    const pieces = [...stuffer.push(Buffer.from(trace)), ...stuffer.push(text), ...stuffer.end()];
    for (const piece of pieces) {
      client.write(piece);
      await client.drained();
    }
    const answer = client.end();
    if (random.chance(impatience)) {
      answer.catch(() => undefined);
      await sleep(random.whole(0, 30));
      client.destroy();
      this.#client = undefined;
      return 'left before the answer';
    }
    return words(await answer);
  }
}

function words(
  reply: { readonly code: number; readonly enhanced: string; readonly lines: readonly string[] } | undefined,
) {
  if (reply === undefined) return 'no reply';
  const status = reply.enhanced === '' ? '' : ` ${Math.floor(reply.code / 100)}.${reply.enhanced}`;
  return `${reply.code}${status} ${reply.lines.join(' ')}`;
}
