/** An attachment of a draft: in one request where it fits, else through an upload session. */
import { wholeBody } from '../http.ts';
import type { Verdict } from '../transport.ts';
import type { GraphApi } from './api.ts';
import type { DraftAttachment } from './draft-message.ts';
import { parseJson, record, verdictOf } from './outcome.ts';

/** From this size on, the service wants an upload session. */
const sessionFrom = 3 * 1024 * 1024;
/** Octets of one piece: at most 4 MB, and a multiple of 320 KiB as for every upload session of Graph. */
const pieceSize = 12 * 320 * 1024;

const json = { 'content-type': 'application/json' } as const;

/** Undefined when the attachment is there; else why not. What is half uploaded goes with its draft. */
export async function attach(
  api: GraphApi,
  mailbox: string,
  draft: string,
  { content, contentId, contentType, isInline, name }: DraftAttachment,
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  const path = `/messages/${draft}/attachments`;
  const facts = { name, contentType, isInline, ...(contentId === undefined ? {} : { contentId }) };
  if (content.length < sessionFrom) {
    const type = { '@odata.type': '#microsoft.graph.fileAttachment' };
    const body = wholeBody(JSON.stringify({ ...type, ...facts, contentBytes: content.toString('base64') }));
    const made = await api.call(mailbox, { method: 'POST', path, headers: json, body, signal });
    return made.kind === 'answer' && made.answer.status === 201
      ? undefined
      : verdictOf(made, { sends: false });
  }
  const item = { AttachmentItem: { attachmentType: 'file', size: content.length, ...facts } };
  const session = await api.call(mailbox, {
    method: 'POST',
    path: `${path}/createUploadSession`,
    headers: json,
    body: wholeBody(JSON.stringify(item)),
    signal,
  });
  const url = session.kind === 'answer' ? record(parseJson(session.answer.text))['uploadUrl'] : undefined;
  if (typeof url !== 'string') return verdictOf(session, { sends: false });
  for (let at = 0; at < content.length; at += pieceSize) {
    const end = Math.min(content.length, at + pieceSize);
    const sent = await api.request({
      method: 'PUT',
      url,
      headers: {
        'content-type': 'application/octet-stream',
        'content-range': `bytes ${at}-${end - 1}/${content.length}`,
      },
      body: wholeBody(content.subarray(at, end)),
      signal,
    });
    const expected = end === content.length ? 201 : 200;
    if (sent.kind !== 'answer' || sent.answer.status !== expected) return verdictOf(sent, { sends: false });
  }
  return undefined;
}
