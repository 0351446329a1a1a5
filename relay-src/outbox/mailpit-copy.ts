/**
 * Copies for Mailpit, so that people find what was sent. Best effort, off the way of delivery: a copy is a second name
 * of the body on the disk, sent when Mailpit answers, and dropped when there are too many or it takes too long.
 */
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Log } from '../daemon/log.ts';
import { ClientError, connectClient, type Client } from '../smtp/client.ts';
import { DotStuffer } from '../smtp/data.ts';
import { fieldValues, headerFields } from '../smtp/header-fields.ts';
import { isPositive, type Reply } from '../smtp/reply.ts';
import type { Config } from './config.ts';
import type { copyResults } from './contract.ts';
import { canonical, namedAddresses } from './message/recipients.ts';
import { headerLength } from './message/rewrite.ts';
import type { Metrics } from './metrics.ts';

type CopyResult = (typeof copyResults)[number];

/** What a copy needs beside its body; a file beside it, so that a restart loses none. */
const envelopeSchema = z.object({
  sender: z.string(),
  recipients: z.array(z.string()).min(1),
  accepted: z.number(),
  size: z.number(),
});
type Envelope = z.infer<typeof envelopeSchema>;

interface Copy extends Envelope {
  readonly id: string;
}

export interface CopierOptions {
  readonly copy: NonNullable<Config['copy']>;
  /** Where copies wait: on the file system of the spool. */
  readonly folder: string;
  /** Path of the body of a message that was just accepted. */
  readonly bodyOf: (id: string) => string;
  readonly hostname: string;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'copies'>;
  /** Milliseconds between two attempts while Mailpit does not answer, at first and at most; a test makes it short. */
  readonly pause?: { readonly first: number; readonly most: number };
}

/** Mailpit takes no more in one transaction. */
const maxRecipients = 100;
const timeouts = { connectTimeout: 5000, replyTimeout: 30_000, blockTimeout: 60_000, finalTimeout: 120_000 };
const idleTime = 5000;

export class MailpitCopier {
  readonly #options: CopierOptions;
  readonly #waiting: Copy[] = [];
  #bytes = 0;
  #wake: (() => void) | undefined;
  readonly #stop = new AbortController();
  #working: Promise<void> = Promise.resolve();
  #client: Client | undefined;

  private constructor(options: CopierOptions) {
    this.#options = options;
  }

  /** Takes up what an earlier process left, and begins to send. */
  static async start(options: CopierOptions): Promise<MailpitCopier> {
    const copier = new MailpitCopier(options);
    await copier
      .#load()
      .catch((error: unknown) => options.log.warn({ error: String(error) }, 'copies are lost'));
    copier.#working = copier.#work();
    return copier;
  }

  /** Copies that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes a message that was accepted a moment ago. Never throws, nobody waits. */
  add(id: string, sender: string, recipients: readonly string[], size: number): void {
    const { copy } = this.#options;
    const one: Copy = { id, sender, recipients: [...recipients], accepted: Date.now(), size };
    if (this.#waiting.length >= copy.maxMessages || this.#bytes + size > copy.maxBytes) {
      this.#count(one, 'dropped', 'too many copies wait');
      return;
    }
    this.#bytes += size;
    this.#keep(one).then(
      () => {
        this.#waiting.push(one);
        this.#wake?.();
      },
      (error: unknown) => {
        this.#bytes -= size;
        this.#count(one, 'dropped', error instanceof Error ? error.message : String(error));
        void this.#remove(one);
      },
    );
  }

  /** Ends the copy that is being sent, within a second or two; the rest waits for the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake?.();
    await Promise.race([this.#working, sleep(1000, undefined, { ref: false })]);
    this.#client?.destroy();
    await this.#working;
  }

  async #keep({ id, ...envelope }: Copy): Promise<void> {
    await link(this.#options.bodyOf(id), this.#path(id, 'eml'));
    await writeFile(this.#path(id, 'json'), JSON.stringify(envelope), { mode: 0o600 });
  }

  async #load(): Promise<void> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const names = new Set(await readdir(folder));
    for (const name of names) {
      const id = name.slice(0, name.lastIndexOf('.'));
      const isWhole = names.has(`${id}.eml`) && names.has(`${id}.json`);
      const envelope = isWhole ? await this.#envelope(id) : undefined;
      if (envelope === undefined) await rm(join(folder, name), { force: true });
      else if (name.endsWith('.json')) {
        this.#waiting.push({ id, ...envelope });
        this.#bytes += envelope.size;
      }
    }
    this.#waiting.sort((a, b) => a.accepted - b.accepted);
  }

  async #envelope(id: string): Promise<Envelope | undefined> {
    try {
      return envelopeSchema.parse(JSON.parse(await readFile(this.#path(id, 'json'), 'utf8')));
    } catch {
      return undefined; // half written when the process ended
    }
  }

  async #work(): Promise<void> {
    const { first, most } = this.#options.pause ?? { first: 1000, most: 30_000 };
    let pause = first;
    while (!this.#stop.signal.aborted) {
      const [copy] = this.#waiting;
      if (copy === undefined) {
        await this.#idle();
        continue;
      }
      const problem = await this.#try(copy);
      if (problem === undefined) {
        pause = first;
        continue;
      }
      // Another one shall have its turn: this one may be what Mailpit does not like.
      this.#waiting.push(...this.#waiting.splice(0, 1));
      this.#options.log.debug({ id: copy.id, problem }, 'copy deferred');
      await sleep(pause, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      pause = Math.min(2 * pause, most);
    }
    this.#client?.quit();
  }

  /** Waits for a copy; gives the connection up after a while. */
  async #idle(): Promise<void> {
    const closing = setTimeout(() => this.#hangUp(), idleTime);
    await new Promise<void>((resolve) => (this.#wake = resolve));
    clearTimeout(closing);
    this.#wake = undefined;
  }

  /** One attempt at the first copy. Undefined if it is done with, else why it must wait. */
  async #try(copy: Copy): Promise<string | undefined> {
    try {
      const reply = await this.#send(copy);
      if (isPositive(reply)) {
        this.#done(copy, 'sent');
        return undefined;
      }
      const text = `${reply.code} ${reply.lines.join(' ')}`;
      if (reply.code < 500) return this.#again(copy, text);
      this.#done(copy, 'refused', text);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#client?.destroy();
      this.#client = undefined;
      if (error instanceof ClientError) return this.#again(copy, text);
      this.#done(copy, 'dropped', text);
    }
    return undefined;
  }

  #again(copy: Copy, problem: string): string | undefined {
    if (Date.now() - copy.accepted < this.#options.copy.maxAge) return problem;
    this.#done(copy, 'dropped', problem);
    return undefined;
  }

  /** One transaction. Mailpit wants RSET or EHLO between two, and is not reset by a refusal. */
  async #send({ id, sender, recipients }: Copy): Promise<Reply> {
    const body = await readFile(this.#path(id, 'eml'));
    const { hostname, copy } = this.#options;
    const client = (this.#client ??= await connectClient({ ...copy, name: hostname, ...timeouts }));
    client.onIdleLoss = () => (this.#client = undefined);
    const [first = '', ...others] = ordered(recipients, body, hostname).slice(0, maxRecipients).map(rcpt);
    const begun = await client.begin(
      `MAIL FROM:<${sender}>${parameters(client, sender, recipients, body)}`,
      first,
    );
    if (begun.rcpt === undefined) return begun.mail;
    let answer = begun.rcpt;
    for (const command of others) if (isPositive(answer)) answer = await client.rcpt(command);
    if (!isPositive(answer)) return answer;
    const data = await client.data();
    if (data.code !== 354) return data;
    const stuffer = new DotStuffer();
    for (const piece of [...stuffer.push(body), ...stuffer.end()]) {
      client.write(piece);
      await client.drained();
    }
    return client.end();
  }

  #hangUp(): void {
    this.#client?.quit();
    this.#client = undefined;
  }

  #done(copy: Copy, result: CopyResult, why?: string): void {
    this.#waiting.splice(this.#waiting.indexOf(copy), 1);
    this.#bytes -= copy.size;
    this.#count(copy, result, why);
    void this.#remove(copy);
  }

  #count({ id }: Copy, result: CopyResult, why?: string): void {
    const { log, metrics } = this.#options;
    metrics.copies.inc({ result });
    if (result !== 'sent') log.warn({ id, result, why }, 'no copy in Mailpit');
  }

  async #remove({ id }: Copy): Promise<void> {
    try {
      await rm(this.#path(id, 'json'), { force: true });
      await rm(this.#path(id, 'eml'), { force: true });
    } catch (error) {
      this.#options.log.warn({ id, error: String(error) }, 'cannot remove a copy');
    }
  }

  #path(id: string, extension: 'eml' | 'json'): string {
    return join(this.#options.folder, `${id}.${extension}`);
  }
}

/**
 * Recipients in an order that shows nobody: Mailpit writes the first one into the message it keeps, so that is one
 * whom To or Cc names; where there is none, somebody who does not exist.
 */
function ordered(recipients: readonly string[], body: Buffer, hostname: string): string[] {
  const fields = headerFields(body.subarray(0, headerLength(body)));
  const named = new Set(
    ['to', 'cc'].flatMap((name) => fieldValues(fields, name).flatMap((value) => namedAddresses(value) ?? [])),
  );
  const shown = recipients.filter((one) => named.has(canonical(one)));
  const hidden = recipients.filter((one) => !named.has(canonical(one)));
  return shown.length > 0 ? [...shown, ...hidden] : [`undisclosed-recipients@${hostname}`, ...hidden];
}

const rcpt = (address: string): string => `RCPT TO:<${address}>`;

function parameters(client: Client, sender: string, recipients: readonly string[], body: Buffer): string {
  const { eightBitMime, smtpUtf8 } = client.extensions;
  const isUtf8 = [sender, ...recipients].some((address) => Buffer.byteLength(address) !== address.length);
  return [
    eightBitMime && body.some((octet) => octet > 0x7f) ? ' BODY=8BITMIME' : '',
    smtpUtf8 && isUtf8 ? ' SMTPUTF8' : '',
  ].join('');
}
