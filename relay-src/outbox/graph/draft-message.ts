/**
 * A message taken apart for a draft: what a request holds, and its attachments. Much of a message has no place
 * there; docs/graph.md lists what is lost.
 */
import PostalMime, { type Address, type Email } from 'postal-mime';
import { fieldValues, headerFields } from '../../smtp/header-fields.ts';
import { parseAddressList } from '../../smtp/address-list.ts';
import { headerLength, MessageError } from '../message/rewrite.ts';

export interface DraftAttachment {
  readonly name: string;
  readonly contentType: string;
  readonly isInline: boolean;
  /** Without angle brackets. */
  readonly contentId: string | undefined;
  readonly content: Buffer;
}

export interface DraftMessage {
  /** The resource `message` of Graph. */
  readonly message: Readonly<Record<string, unknown>>;
  readonly attachments: readonly DraftAttachment[];
}

/** What one request may hold is 4 MB; some room is left for what surrounds it. */
const maxText = 3_500_000;
/** The service takes five fields, and only those whose names begin so. */
const maxFields = 5;
const suppress = 'x-auto-response-suppress';
/** MAPI's PidTagDeleteAfterSubmit (MS-OXOMSG 2.2.3.8): the only way to keep a sent draft out of Sent Items. */
const deleteAfterSubmit = { id: 'Boolean 0x0E01', value: 'true' } as const;

/** Types of content whose meaning a draft would change: signed, encrypted, and calendar mail. */
const untouchable =
  /^(?:multipart\/(?:signed|encrypted)|application\/(?:x-)?pkcs7-[a-z-]+|application\/pgp-[a-z]+|text\/(?:x-v)?calendar|application\/ics)/i;
const anyUntouchable = new RegExp(`^content-type:\\s*${untouchable.source.slice(1)}`, 'im');

/** Why this message must not be rebuilt as a draft; undefined if it may. */
export async function draftProblem(mime: Buffer): Promise<string | undefined> {
  const read = await readForDraft(mime);
  return typeof read === 'string' ? read : undefined;
}

/** The message taken apart, or why it must not be. */
async function readForDraft(mime: Buffer): Promise<Email | string> {
  // Looked for as text too: a part that no parser reaches must not slip through. Text that quotes such a line is
  // taken for one.
  if (anyUntouchable.test(mime.toString('latin1'))) return 'it is signed, encrypted or for a calendar';
  // A forwarded message stays an attachment, instead of being poured into the text.
  const email = await PostalMime.parse(mime, { forceRfc822Attachments: true });
  const odd = email.attachments.find(
    ({ filename, mimeType }) => untouchable.test(mimeType) || /\.(ics|p7[ms])$/i.test(filename ?? ''),
  );
  if (odd !== undefined) return 'it is signed, encrypted or for a calendar';
  const text = Buffer.byteLength(JSON.stringify(email.html ?? email.text ?? ''));
  return text > maxText ? 'its text alone is too large' : email;
}

export interface DraftFacts {
  readonly messageId: string;
  readonly saveToSentItems: boolean;
}

/**
 * `mime` is already rewritten: its header names exactly the recipients. Throws MessageError if it must not be
 * rebuilt, or if another reading of its header finds other recipients.
 */
export async function draftMessage(
  mime: Buffer,
  recipients: readonly string[],
  { messageId, saveToSentItems }: DraftFacts,
): Promise<DraftMessage> {
  const email = await readForDraft(mime);
  if (typeof email === 'string') throw new MessageError('5.3.4', `too large to be sent as it is: ${email}`);
  const block = mime.subarray(0, headerLength(mime));
  const named = (field: 'to' | 'cc' | 'bcc') => recipientsOf(block, field, email[field]);
  const [to, cc, bcc] = [named('to'), named('cc'), named('bcc')];
  const count = new Set([...to, ...cc, ...bcc].map(({ emailAddress }) => emailAddress.address)).size;
  if (count !== new Set(recipients).size) {
    throw new MessageError('5.6.0', 'the draft would not reach exactly the recipients of the envelope');
  }
  const extended = saveToSentItems ? {} : { singleValueExtendedProperties: [deleteAfterSubmit] };
  const message = {
    subject: email.subject ?? '',
    body:
      email.html === undefined
        ? { contentType: 'text', content: email.text ?? '' }
        : { contentType: 'html', content: email.html },
    from: recipientsOf(block, 'from', email.from && [email.from])[0],
    toRecipients: to,
    ccRecipients: cc,
    bccRecipients: bcc,
    replyTo: recipientsOf(block, 'reply-to', email.replyTo),
    internetMessageId: messageId,
    internetMessageHeaders: extraFields(email),
    ...extended,
  };
  const attachments = email.attachments.map((one, index) => ({
    name: one.filename ?? `attachment-${index + 1}${one.mimeType === 'message/rfc822' ? '.eml' : ''}`,
    contentType: one.mimeType,
    isInline: one.related === true && one.contentId !== undefined,
    contentId: one.contentId?.replace(/^<|>$/g, ''),
    content:
      typeof one.content === 'string' ? Buffer.from(one.content) : Buffer.from(new Uint8Array(one.content)),
  }));
  return { message, attachments };
}

interface Recipient {
  readonly emailAddress: { readonly address: string; readonly name?: string };
}

/** Addresses as our own strict reader sees them; names, decoded, as the parser does. */
function recipientsOf(block: Buffer, field: string, seen: readonly Address[] | undefined): Recipient[] {
  const flat = (seen ?? []).flatMap((one) => (one.group === undefined ? [one] : one.group));
  const names = new Map(flat.map(({ address, name }) => [address.toLowerCase(), name]));
  return fieldValues(headerFields(block), field)
    .flatMap((value) => parseAddressList(value)?.entries ?? [])
    .flatMap((entry) => (entry.kind === 'group' ? entry.members : [entry]))
    .map(({ address }) => {
      const name = names.get(address.toLowerCase()) ?? '';
      return { emailAddress: name === '' ? { address } : { address, name } };
    });
}

function extraFields(email: Email): { readonly name: string; readonly value: string }[] {
  const own = email.headers.filter(({ key }) => key.startsWith('x-') && !key.startsWith('x-relay-original-'));
  // It keeps vacation notices from answering, so it goes before all others.
  return [...own.filter(({ key }) => key === suppress), ...own.filter(({ key }) => key !== suppress)]
    .slice(0, maxFields)
    .map(({ originalKey, value }) => ({ name: originalKey, value }));
}
