/** Drafts, uploads and sends of the fake Graph, as documented for v1.0 of messages and attachments. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { graphError, type Answer } from './errors.ts';
import type { LedgerEntry } from './ledger.ts';
import { decodeBase64, readMime, sha256, type SeenMessage } from './mime.ts';

/** Largest request, and the raw MIME above which the service is reported to answer 200 and to do nothing. */
export const limits = { request: 4 * 1024 * 1024, mime: 2240 * 1024, upload: 4 * 1024 * 1024 } as const;

const recipients = z
  .array(z.object({ emailAddress: z.object({ address: z.string().min(1), name: z.string().optional() }) }))
  .default([]);

const messageForm = z.object({
  subject: z.string().default(''),
  body: z.object({ contentType: z.enum(['text', 'html']), content: z.string() }).optional(),
  from: z.object({ emailAddress: z.object({ address: z.string() }) }).optional(),
  toRecipients: recipients,
  ccRecipients: recipients,
  bccRecipients: recipients,
  internetMessageId: z.string().optional(),
  singleValueExtendedProperties: z.array(z.object({ id: z.string(), value: z.string() })).default([]),
  // The service refuses names without x- and more than five.
  internetMessageHeaders: z
    .array(z.object({ name: z.string().regex(/^x-/i), value: z.string() }))
    .max(5)
    .default([]),
});

const attachmentForm = z.object({
  '@odata.type': z.literal('#microsoft.graph.fileAttachment'),
  name: z.string(),
  contentType: z.string().optional(),
  isInline: z.boolean().optional(),
  contentId: z.string().optional(),
  contentBytes: z.string(),
});

const uploadForm = z.object({
  AttachmentItem: z.object({
    attachmentType: z.literal('file'),
    name: z.string().min(1),
    size: z.int().positive(),
    contentType: z.string().optional(),
    isInline: z.boolean().optional(),
    contentId: z.string().optional(),
  }),
});

interface Item {
  readonly mailbox: string;
  readonly message: SeenMessage;
  readonly via: 'mime' | 'draft';
  readonly immutable: boolean;
  /** PidTagDeleteAfterSubmit. */
  readonly keepsNoCopy: boolean;
  readonly attachments: { readonly name: string; readonly sha256: string; readonly contentId?: string }[];
  isDraft: boolean;
}

interface Upload {
  readonly item: Item;
  readonly name: string;
  readonly size: number;
  readonly contentId: string | undefined;
  readonly pieces: Buffer[];
  received: number;
}

/** An answer, and what it adds to the ledger. */
export interface Outcome {
  readonly answer: Answer;
  readonly entry?: LedgerEntry;
}

const refused = (code: string, status?: number): Outcome => ({ answer: graphError(code, status) });

export class Mailboxes {
  readonly #items = new Map<string, Item>();
  readonly #uploads = new Map<string, Upload>();

  /** Drafts that are there now: none may be left over. */
  get drafts(): readonly { readonly id: string; readonly mailbox: string }[] {
    return [...this.#items].filter(([, item]) => item.isDraft).map(([id, { mailbox }]) => ({ id, mailbox }));
  }

  /** POST /users/{mailbox}/sendMail with MIME. */
  async sendMime(mailbox: string, body: Buffer): Promise<Outcome> {
    const read = await parse(body);
    if ('answer' in read) return read;
    if (addressees(read).length === 0) return refused('ErrorInvalidRecipients');
    const entry = entryOf(mailbox, 'mime', read, []);
    return { answer: { status: 202 }, entry };
  }

  /** POST /users/{mailbox}/messages with MIME or JSON. */
  async createDraft(mailbox: string, type: string, body: Buffer, immutable: boolean): Promise<Outcome> {
    let message: SeenMessage;
    let keepsNoCopy = false;
    if (type === 'text/plain') {
      const read = await parse(body);
      if ('answer' in read) return read;
      message = read;
    } else {
      const form = messageForm.safeParse(parseJson(body));
      if (!form.success) return refused('UnableToDeserializePostBody');
      message = fromForm(form.data, mailbox, body);
      keepsNoCopy = form.data.singleValueExtendedProperties.some(
        ({ id, value }) => id === 'Boolean 0x0E01' && value === 'true',
      );
    }
    const id = `AAMk${randomUUID()}`;
    const via = type === 'text/plain' ? 'mime' : 'draft';
    this.#items.set(id, { mailbox, message, via, immutable, keepsNoCopy, attachments: [], isDraft: true });
    return { answer: { status: 201, json: this.#view(id) } };
  }

  getMessage(mailbox: string, id: string): Outcome {
    const item = this.#find(mailbox, id);
    return item === undefined
      ? refused('ErrorItemNotFound')
      : { answer: { status: 200, json: this.#view(id) } };
  }

  /** GET /users/{mailbox}/mailFolders/drafts/messages?$filter=internetMessageId eq '…' */
  listDrafts(mailbox: string, filter: string | null): Outcome {
    const wanted = /^internetMessageId eq '(.*)'$/.exec(filter ?? '')?.[1]?.replaceAll("''", "'");
    const value = [...this.#items]
      .filter(([, item]) => item.isDraft && item.mailbox === mailbox)
      .filter(([, { message }]) => wanted === undefined || message.messageId === wanted)
      .map(([id]) => this.#view(id));
    return { answer: { status: 200, json: { value } } };
  }

  sendDraft(mailbox: string, id: string): Outcome {
    const item = this.#find(mailbox, id);
    if (item === undefined) return refused('ErrorItemNotFound');
    if (!item.isDraft) return refused('ErrorInvalidRequest');
    if (addressees(item.message).length === 0) return refused('ErrorInvalidRecipients');
    item.isDraft = false;
    if (item.keepsNoCopy) {
      this.#items.delete(id);
    } else if (!item.immutable) {
      // It moves to another folder, and a plain id names the place.
      this.#items.delete(id);
      this.#items.set(`AAMk${randomUUID()}`, item);
    }
    const sums = item.attachments.map((one) => one.sha256);
    return { answer: { status: 202 }, entry: entryOf(mailbox, item.via, item.message, sums) };
  }

  deleteMessage(mailbox: string, id: string): Outcome {
    if (this.#find(mailbox, id) === undefined) return refused('ErrorItemNotFound');
    this.#items.delete(id);
    return { answer: { status: 204 } };
  }

  attach(mailbox: string, id: string, body: Buffer): Outcome {
    const item = this.#find(mailbox, id);
    const form = attachmentForm.safeParse(parseJson(body));
    if (item === undefined) return refused('ErrorItemNotFound');
    const bytes = form.success ? Buffer.from(form.data.contentBytes, 'base64') : undefined;
    if (!form.success || bytes === undefined) return refused('UnableToDeserializePostBody');
    if (bytes.length >= 3 * 1024 * 1024) return refused('ErrorMessageSizeExceeded');
    const { name, contentId } = form.data;
    item.attachments.push({ name, sha256: sha256(bytes), ...(contentId === undefined ? {} : { contentId }) });
    return { answer: { status: 201, json: { id: randomUUID(), name } } };
  }

  createUpload(mailbox: string, id: string, body: Buffer, base: string): Outcome {
    const item = this.#find(mailbox, id);
    const form = uploadForm.safeParse(parseJson(body));
    if (item === undefined) return refused('ErrorItemNotFound');
    if (!form.success) return refused('UnableToDeserializePostBody');
    const { name, size, contentId } = form.data.AttachmentItem;
    const session = randomUUID();
    this.#uploads.set(session, { item, name, size, contentId, pieces: [], received: 0 });
    const json = {
      uploadUrl: `${base}/fake-upload/${session}`,
      expirationDateTime: new Date(Date.now() + 3_600_000).toISOString(),
      nextExpectedRanges: ['0-'],
    };
    return { answer: { status: 201, json } };
  }

  /** PUT to an upload URL: the pieces come in order, and the last one makes the attachment. */
  upload(session: string, range: string, body: Buffer): Outcome {
    const upload = this.#uploads.get(session);
    const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range);
    if (upload === undefined) return refused('ErrorItemNotFound');
    const [first, last, total] = (match ?? []).slice(1).map(Number);
    if (
      first !== upload.received ||
      last !== first + body.length - 1 ||
      total !== upload.size ||
      body.length > limits.upload
    ) {
      return refused('ErrorInvalidRequest', 416);
    }
    upload.pieces.push(body);
    upload.received += body.length;
    if (upload.received < upload.size) {
      return { answer: { status: 200, json: { nextExpectedRanges: [`${upload.received}-`] } } };
    }
    this.#uploads.delete(session);
    const { item, name, contentId } = upload;
    const sum = sha256(Buffer.concat(upload.pieces));
    item.attachments.push({ name, sha256: sum, ...(contentId === undefined ? {} : { contentId }) });
    return { answer: { status: 201, headers: { location: `attachments/${randomUUID()}` } } };
  }

  #find(mailbox: string, id: string): Item | undefined {
    const item = this.#items.get(id);
    return item?.mailbox === mailbox ? item : undefined;
  }

  #view(id: string): unknown {
    const item = this.#items.get(id);
    if (item === undefined) return undefined;
    const { message, isDraft } = item;
    const list = (addresses: readonly string[]): unknown =>
      addresses.map((address) => ({ emailAddress: { address } }));
    return {
      id,
      isDraft,
      subject: message.subject,
      internetMessageId: message.messageId,
      toRecipients: list(message.to),
      ccRecipients: list(message.cc),
      bccRecipients: list(message.bcc),
    };
  }
}

async function parse(body: Buffer): Promise<SeenMessage | Outcome> {
  if (body.length > limits.request) return refused('ErrorMessageSizeExceeded');
  const mime = decodeBase64(body.toString('latin1'));
  if (mime === undefined) return refused('ErrorMimeContentInvalidBase64String');
  if (mime.length > limits.mime) return { answer: { status: 200 } };
  return (await readMime(mime)) ?? refused('ErrorMimeContentInvalid');
}

const addressees = ({ to, cc, bcc }: SeenMessage): string[] => [...new Set([...to, ...cc, ...bcc])];

function entryOf(
  mailbox: string,
  via: LedgerEntry['via'],
  message: SeenMessage,
  attachments: readonly string[],
): LedgerEntry {
  return {
    time: new Date().toISOString(),
    mailbox,
    via,
    accepted: true,
    told: '',
    recipients: addressees(message),
    from: message.from,
    messageId: message.messageId,
    bytes: message.bytes,
    sha256: message.sha256,
    bodySha256: message.bodySha256,
    ...(via === 'draft' ? { attachments } : {}),
  };
}

function fromForm(form: z.infer<typeof messageForm>, mailbox: string, body: Buffer): SeenMessage {
  const addresses = (list: z.infer<typeof recipients>): string[] =>
    list.map(({ emailAddress }) => emailAddress.address);
  return {
    from: form.from?.emailAddress.address ?? mailbox,
    to: addresses(form.toRecipients),
    cc: addresses(form.ccRecipients),
    bcc: addresses(form.bccRecipients),
    messageId: form.internetMessageId ?? `<${randomUUID()}@fake-graph>`,
    subject: form.subject,
    bytes: body.length,
    sha256: sha256(body),
    bodySha256: sha256(form.body?.content ?? ''),
  };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
