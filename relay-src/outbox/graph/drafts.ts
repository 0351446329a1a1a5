/**
 * Sending through a draft. A draft has an id that lasts, so that after a lost answer one can look whether it was
 * sent. What is known of the draft is on disk before the step that follows, so a crash leaves neither a second mail
 * nor, once the message is tried again or discarded, a draft.
 */
import { createHash } from 'node:crypto';
import type { Log } from '../../daemon/log.ts';
import { soleAddress } from '../../smtp/header-address.ts';
import { headerFields, fieldValues } from '../../smtp/header-fields.ts';
import { base64Body, wholeBody } from '../http.ts';
import { addField, headerLength } from '../message/rewrite.ts';
import { canonical } from '../message/recipients.ts';
import type { Delivery, Verdict } from '../transport.ts';
import type { Call, GraphApi } from './api.ts';
import { draftMessage, type DraftMessage } from './draft-message.ts';
import { answerLine, parseJson, record, verdictOf, type Attempt } from './outcome.ts';
import { attach } from './upload.ts';

export interface DraftOptions {
  readonly saveToSentItems: boolean;
  readonly log: Log;
}

/** What a message remembers of its draft, as JSON. */
interface Memory {
  readonly mailbox: string;
  /** With the recipients, finds a draft whose id was never heard. */
  readonly messageId: string;
  /** Of the recipients. */
  readonly sum: string;
  /** Undefined while it is being made. */
  readonly draft?: string;
  /** It is complete, and may have been sent. */
  readonly ready?: true;
}

/** Ids that do not change when the draft becomes a sent item. */
const immutable = { prefer: 'IdType="ImmutableId"' } as const;

/** A verdict, or undefined to go on. */
type Step = Verdict | undefined;

export class Drafts {
  readonly #api: GraphApi;
  readonly #options: DraftOptions;

  constructor(api: GraphApi, options: DraftOptions) {
    this.#api = api;
    this.#options = options;
  }

  /** Sends MIME as it is. `mime` fits into one request. */
  sendMime(delivery: Delivery, mailbox: string, mime: Buffer): Promise<Verdict> {
    const { messageId, message } = withMessageId(mime, delivery.id);
    const create = { headers: { 'content-type': 'text/plain' }, body: base64Body(message) };
    return this.#send(delivery, mailbox, messageId, true, create, () => Promise.resolve(undefined));
  }

  /** Sends a message of any size, rebuilt from its parts: text, then each attachment by itself. */
  async sendRebuilt(delivery: Delivery, mailbox: string, mime: Buffer): Promise<Verdict> {
    const { messageId, message } = withMessageId(mime, delivery.id);
    const { saveToSentItems } = this.#options;
    const rebuilt: DraftMessage = await draftMessage(message, delivery.recipients, {
      messageId,
      saveToSentItems,
    });
    const json = JSON.stringify(rebuilt.message);
    const create = { headers: { 'content-type': 'application/json' }, body: wholeBody(json) };
    return this.#send(delivery, mailbox, messageId, saveToSentItems, create, async (draft) => {
      for (const attachment of rebuilt.attachments) {
        const problem = await attach(this.#api, mailbox, draft, attachment, delivery.signal);
        if (problem !== undefined) return problem;
      }
      return undefined;
    });
  }

  /** Removes the draft that this memory names, unless it was sent. Never rejects. */
  async discard(memory: string): Promise<void> {
    const known = parseMemory(memory);
    if (known === undefined) return;
    const problem =
      known.draft === undefined
        ? await this.#removeOrphans(known)
        : (await this.#isDraft(known.mailbox, known.draft)) === true
          ? await this.#remove(known.mailbox, known.draft)
          : undefined;
    if (problem !== undefined) {
      this.#options.log.warn({ mailbox: known.mailbox, answer: problem.answer }, 'a draft may be left over');
    }
  }

  async #send(
    delivery: Delivery,
    mailbox: string,
    messageId: string,
    leavesTrace: boolean,
    create: Pick<Call, 'headers' | 'body'>,
    complete: (draft: string) => Promise<Step>,
  ): Promise<Verdict> {
    const known = delivery.memory === undefined ? undefined : parseMemory(delivery.memory);
    const found =
      known === undefined ? undefined : await this.#resume(known, mailbox, leavesTrace, delivery.signal);
    if (found !== undefined && 'result' in found) return found;
    let draft = found?.draft;
    if (draft === undefined) {
      const begun: Memory = { mailbox, messageId, sum: sumOf(delivery.recipients) };
      await delivery.remember(JSON.stringify(begun));
      const made = await this.#create(mailbox, create, delivery.signal);
      if (typeof made !== 'string') return made;
      draft = made;
      await delivery.remember(JSON.stringify({ ...begun, draft }));
      const problem = await complete(draft);
      if (problem !== undefined) return this.#orRemove(problem, mailbox, draft);
      await delivery.remember(JSON.stringify({ ...begun, draft, ready: true }));
    }
    const sent = await this.#api.call(mailbox, {
      method: 'POST',
      path: `/messages/${draft}/send`,
      headers: immutable,
      signal: delivery.signal,
    });
    return this.#orRemove(verdictOf(sent, { sends: true }), mailbox, draft);
  }

  /** What became of the draft of an earlier attempt: a verdict, the draft to send, or undefined to make a new one. */
  async #resume(
    known: Memory,
    mailbox: string,
    leavesTrace: boolean,
    signal: AbortSignal,
  ): Promise<Verdict | { draft: string } | undefined> {
    if (known.draft === undefined) return this.#removeOrphans(known, signal);
    const isDraft = await this.#isDraft(known.mailbox, known.draft, signal);
    if (isDraft === false)
      return { result: 'sent', answer: 'found in the mailbox: an earlier attempt had sent it' };
    if (isDraft === undefined) {
      // Not there any more. Who keeps no copy of what is sent leaves it like that.
      return known.ready === true && !leavesTrace
        ? { result: 'sent', answer: 'the draft is gone: an earlier attempt had sent it' }
        : undefined;
    }
    if (isDraft !== true) {
      // It may have been sent, and nobody can say.
      return known.ready === true ? { ...isDraft, result: 'unknown', scope: 'message' } : isDraft;
    }
    if (known.ready === true && known.mailbox === mailbox) return { draft: known.draft };
    return this.#remove(known.mailbox, known.draft, signal);
  }

  async #create(
    mailbox: string,
    create: Pick<Call, 'headers' | 'body'>,
    signal: AbortSignal,
  ): Promise<string | Verdict> {
    const headers = { ...create.headers, ...immutable };
    const made = await this.#api.call(mailbox, {
      ...create,
      method: 'POST',
      path: '/messages',
      headers,
      signal,
    });
    const id = made.kind === 'answer' && made.answer.status === 201 ? jsonOf(made)['id'] : undefined;
    return typeof id === 'string' ? encodeURIComponent(id) : verdictOf(made, { sends: false });
  }

  /** True or false, undefined if there is no such message, a verdict if that cannot be told now. */
  async #isDraft(
    mailbox: string,
    draft: string,
    signal?: AbortSignal,
  ): Promise<boolean | undefined | Deferred> {
    const path = `/messages/${draft}?$select=id,isDraft`;
    const seen = await this.#api.call(mailbox, { method: 'GET', path, headers: immutable, signal });
    if (seen.kind === 'answer' && seen.answer.status === 404 && /ErrorItemNotFound/.test(seen.answer.text)) {
      return undefined;
    }
    const isDraft =
      seen.kind === 'answer' && seen.answer.status === 200 ? jsonOf(seen)['isDraft'] : undefined;
    return typeof isDraft === 'boolean' ? isDraft : deferred(seen);
  }

  /** A message that is done for leaves no draft. */
  async #orRemove(verdict: Verdict, mailbox: string, draft: string): Promise<Verdict> {
    if (verdict.result === 'failed') {
      const problem = await this.#remove(mailbox, draft);
      if (problem !== undefined)
        this.#options.log.warn({ mailbox, answer: problem.answer }, 'a draft may be left over');
    }
    return verdict;
  }

  async #remove(mailbox: string, draft: string, signal?: AbortSignal): Promise<Deferred | undefined> {
    const path = `/messages/${draft}`;
    const gone = await this.#api.call(mailbox, { method: 'DELETE', path, headers: immutable, signal });
    return gone.kind === 'answer' && (gone.answer.status === 204 || gone.answer.status === 404)
      ? undefined
      : deferred(gone);
  }

  /** A draft may have been made whose id was never heard. */
  async #removeOrphans(
    { mailbox, messageId, sum }: Memory,
    signal?: AbortSignal,
  ): Promise<Deferred | undefined> {
    const filter = encodeURIComponent(`internetMessageId eq '${messageId.replaceAll("'", "''")}'`);
    const select = 'id,isDraft,toRecipients,ccRecipients,bccRecipients';
    const path = `/mailFolders/drafts/messages?$filter=${filter}&$select=${select}`;
    const seen = await this.#api.call(mailbox, { method: 'GET', path, headers: immutable, signal });
    const value = seen.kind === 'answer' && seen.answer.status === 200 ? jsonOf(seen)['value'] : undefined;
    if (!Array.isArray(value)) return deferred(seen);
    for (const item of value.map(record)) {
      // The same Message-ID may go to others in a message of its own.
      if (item['isDraft'] !== true || sumOf(recipientsOf(item)) !== sum) continue;
      const problem = await this.#remove(mailbox, encodeURIComponent(String(item['id'])), signal);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
}

type Deferred = Extract<Verdict, { result: 'deferred' }>;

/** For requests that send nothing and whose failure says nothing about the message. */
function deferred(attempt: Attempt): Deferred {
  const verdict = verdictOf(attempt, { sends: false });
  return verdict.result === 'deferred'
    ? verdict
    : { result: 'deferred', scope: 'message', answer: answerLine(attempt) };
}

const jsonOf = (attempt: Attempt): Readonly<Record<string, unknown>> =>
  record(attempt.kind === 'answer' ? parseJson(attempt.answer.text) : undefined);

function recipientsOf(item: Readonly<Record<string, unknown>>): string[] {
  return ['toRecipients', 'ccRecipients', 'bccRecipients']
    .map((list) => item[list])
    .flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
    .map((one) => String(record(record(one)['emailAddress'])['address']));
}

function sumOf(recipients: readonly string[]): string {
  const sorted = [...new Set(recipients.map((one) => canonical(one).toLowerCase()))].toSorted();
  return createHash('sha256').update(sorted.join('\n')).digest('base64url').slice(0, 22);
}

function parseMemory(text: string): Memory | undefined {
  const { draft, mailbox, messageId, ready, sum } = record(parseJson(text));
  if (typeof mailbox !== 'string' || typeof messageId !== 'string' || typeof sum !== 'string')
    return undefined;
  return {
    mailbox,
    messageId,
    sum,
    ...(typeof draft === 'string' ? { draft } : {}),
    ...(ready === true ? { ready } : {}),
  };
}

/** A draft is found again by its Message-ID, so one that has none gets it (RFC 6409 8.3). */
function withMessageId(mime: Buffer, id: string): { readonly messageId: string; readonly message: Buffer } {
  const fields = headerFields(mime.subarray(0, headerLength(mime)));
  const [own] = fieldValues(fields, 'message-id').filter((value) => value !== '');
  if (own !== undefined) return { messageId: own, message: mime };
  const from = soleAddress(fieldValues(fields, 'from')[0] ?? '') ?? 'localhost';
  const messageId = `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`;
  return { messageId, message: addField(mime, `Message-ID: ${messageId}`) };
}
