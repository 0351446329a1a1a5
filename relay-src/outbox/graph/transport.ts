/** Mail through Microsoft Graph. */
import type { Log } from '../../daemon/log.ts';
import { soleAddress } from '../../smtp/header-address.ts';
import { fieldValues, headerFields } from '../../smtp/header-fields.ts';
import { base64Body, HttpClient, type Waits } from '../http.ts';
import { headerLength, MessageError, rewriteHeader, rewriteMessage } from '../message/rewrite.ts';
import { TokenSource } from '../oauth/token.ts';
import type { Delivery, Offered, Refusal, Transport, Verdict, Verdicts } from '../transport.ts';
import { GraphApi } from './api.ts';
import { draftCeiling, type GraphConfig } from './config.ts';
import { draftProblem } from './draft-message.ts';
import { Drafts } from './drafts.ts';
import { verdictOf } from './outcome.ts';

export interface GraphParts {
  readonly log: Log;
  readonly waits?: Partial<Waits>;
}

/** Reads the files that the configuration names. Throws if one cannot be read or used. */
export async function createGraphTransport(config: GraphConfig, parts: GraphParts): Promise<Transport> {
  const { ca, proxy, graphUrl } = config;
  const http = new HttpClient({ ca, proxy, waits: parts.waits });
  const tokens = new TokenSource(config, `${graphUrl}/.default`, http);
  await http.prepare();
  await tokens.prepare();
  return new GraphTransport(config, http, tokens, parts.log);
}

class GraphTransport implements Transport {
  readonly kind = 'graph';
  readonly maxSize: number;
  readonly #config: GraphConfig;
  readonly #http: HttpClient;
  readonly #tokens: TokenSource;
  readonly #api: GraphApi;
  readonly #drafts: Drafts;
  readonly #log: Log;
  /** Lower-case addresses of From, and the mailboxes that send for them. */
  readonly #mailboxes: ReadonlyMap<string, string>;

  constructor(config: GraphConfig, http: HttpClient, tokens: TokenSource, log: Log) {
    this.#config = config;
    this.#http = http;
    this.#tokens = tokens;
    this.#log = log;
    this.#api = new GraphApi(config.graphUrl, http, tokens);
    this.#drafts = new Drafts(this.#api, { saveToSentItems: config.saveToSentItems, log });
    this.maxSize = config.largeMessages === 'draft' ? draftCeiling : config.mimeLimit;
    this.#mailboxes = new Map(
      Object.entries(config.mailboxes).map(([from, mailbox]) => [from.toLowerCase(), mailbox]),
    );
  }

  mailboxOf({ headerFrom, sender }: { readonly sender: string; readonly headerFrom: string }): string {
    const from = (headerFrom === '' ? sender : headerFrom).toLowerCase();
    return this.#config.forceMailbox ?? this.#mailboxes.get(from) ?? from;
  }

  async refuse(message: Offered): Promise<Refusal | undefined> {
    try {
      const { forceMailbox, largeMessages, mimeLimit } = this.#config;
      if (forceMailbox === undefined && fromOf(message.header) === undefined) {
        return { code: 554, status: '5.6.0', text: 'From is not exactly one address' };
      }
      const header = rewriteHeader(message.header, this.#options(message));
      const size = message.size - message.header.length + header.length;
      if (size <= mimeLimit) return undefined;
      if (largeMessages === 'refuse' || size > this.maxSize) return tooBig(this.maxSize);
      const problem = await draftProblem(await message.read());
      return problem === undefined
        ? undefined
        : { code: 552, status: '5.3.4', text: `Above ${mimeLimit} octets it cannot be sent: ${problem}` };
    } catch (error) {
      if (error instanceof MessageError) {
        const code = error.status === '5.7.1' ? 550 : 554;
        return { code, status: error.status, text: error.message };
      }
      // It cannot be looked at now. It may be sound, so the attempts decide.
      this.#log.warn({ error: String(error) }, 'message could not be checked before it was accepted');
      return undefined;
    }
  }

  async deliver(delivery: Delivery): Promise<Verdicts> {
    const verdict = await this.#attempt(delivery);
    return new Map(delivery.recipients.map((recipient) => [recipient, verdict]));
  }

  async #attempt(delivery: Delivery): Promise<Verdict> {
    try {
      const original = await delivery.read();
      const headerFrom = fromOf(original.subarray(0, headerLength(original))) ?? '';
      const mailbox = this.mailboxOf({ sender: delivery.sender, headerFrom });
      const mime = rewriteMessage(original, this.#options(delivery));
      const { exactlyOnce, largeMessages, mimeLimit } = this.#config;
      if (mime.length > mimeLimit) {
        if (largeMessages === 'draft') return await this.#drafts.sendRebuilt(delivery, mailbox, mime);
        return { result: 'failed', status: '5.3.4', answer: tooBig(mimeLimit).text };
      }
      // What has begun with a draft goes on with it, or it might be sent twice.
      if (exactlyOnce || delivery.memory !== undefined)
        return await this.#drafts.sendMime(delivery, mailbox, mime);
      const attempt = await this.#api.call(mailbox, {
        method: 'POST',
        path: '/sendMail',
        headers: { 'content-type': 'text/plain' },
        body: base64Body(mime),
        signal: delivery.signal,
      });
      return verdictOf(attempt, { sends: true });
    } catch (error) {
      if (error instanceof MessageError) {
        return { result: 'failed', status: error.status, answer: error.message };
      }
      // A file that cannot be read, a disk that is full: nothing was sent.
      const answer = error instanceof Error ? error.message : String(error);
      return { result: 'deferred', scope: 'message', answer };
    }
  }

  #options({ recipients, sender }: { readonly sender: string; readonly recipients: readonly string[] }) {
    return { sender, recipients, headerRecipients: this.#config.headerRecipients };
  }

  expiry(): ReturnType<Transport['expiry']> {
    return this.#tokens.expiry();
  }

  discard(memory: string): Promise<void> {
    return this.#drafts.discard(memory);
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}

/** The one address of the header's From. */
function fromOf(header: Buffer): string | undefined {
  const values = fieldValues(headerFields(header), 'from');
  return values.length === 1 ? soleAddress(values[0] ?? '') : undefined;
}

const tooBig = (limit: number): Refusal => ({
  code: 552,
  status: '5.3.4',
  text: `Message too big: Microsoft Graph takes ${limit} octets`,
});
