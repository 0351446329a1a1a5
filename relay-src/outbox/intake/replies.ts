/** What outbox says where its words differ from mx-validator's: codes, rules and all else are the same. */
import { replies, type Replies } from '../../smtp/rules.ts';

export const outboxReplies: Replies = {
  ...replies,
  senderOk: { ...replies.senderOk, when: 'MAIL accepted' },
  recipientOk: { ...replies.recipientOk, when: 'RCPT accepted' },
  startData: { ...replies.startData, when: 'DATA' },
  noPostmaster: { ...replies.noPostmaster, when: 'RCPT TO:<Postmaster>: mx-validator gives it a domain' },
  busy: {
    ...replies.busy,
    text: 'Not enough room in the queue, try again later',
    when: 'the spool is full, or nearly so',
  },
  upstreamUnavailable: {
    ...replies.upstreamUnavailable,
    text: 'The queue cannot be written now, try again later',
    when: 'the disk fails, is read-only or too slow, or another process has the spool',
  },
  accepted: {
    ...replies.accepted,
    text: 'queued as {id}',
    when: 'the message is on disk; or it was before, and is handed in again',
  },
};
