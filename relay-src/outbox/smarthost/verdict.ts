/** What the replies of a smarthost come to. */
import { enhancedCode, isPositive, replyText, type Reply } from '../../smtp/reply.ts';
import type { Verdict } from '../transport.ts';

/** Replies that ask for a login or a better one, or announce an end: nothing is wrong with the message. */
const aboutUs = new Set([421, 454, 530, 534, 535, 538]);

/** For MAIL, DATA and the final dot, and for RCPT. */
export function verdictOf(reply: Reply): Verdict {
  const answer = replyText(reply);
  if (isPositive(reply)) return { result: 'sent', answer };
  if (aboutUs.has(reply.code)) return { result: 'deferred', scope: 'mailbox', answer };
  if (reply.code < 500) return { result: 'deferred', scope: 'message', answer };
  return { result: 'failed', answer, status: enhancedCode(reply) };
}

/**
 * For a MAIL that is refused. A sender that may not send (x.7.x) is a right that is missing in the account: it can
 * be given, and says nothing about the message.
 */
export function senderVerdict(reply: Reply): Verdict {
  const verdict = verdictOf(reply);
  return verdict.result === 'failed' && reply.enhanced.startsWith('7.')
    ? { result: 'deferred', scope: 'message', answer: verdict.answer }
    : verdict;
}
