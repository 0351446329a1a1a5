/**
 * Trace fields that this relay wrote. What stands above mx-validator's was put there on the way to us, by Mailpit for
 * instance, which names the first recipient in its own, be it a blind one.
 */
import type { HeaderField } from '../../smtp/header-fields.ts';

/** As `receivedHeader` of relay-src/smtp writes it, unfolded. */
const ours = /^from \S+ \(\[[^\]\s]+\]\)\tby \S+ with [A-Z0-9]+ id ([0-9a-z]+)(?:\tfor <[^>]*>)?;\t/;

/** A transaction of mx-validator has at most so many digits; a queue id of outbox has 14. */
const longestTransaction = 12;

/** The id in a trace field that mx-validator or outbox wrote; undefined for every other field. */
export function ownTraceId({ name, value }: HeaderField): string | undefined {
  return name === 'received' ? ours.exec(value)?.[1] : undefined;
}

/** Where in the list mx-validator's field is, the topmost if there are several; 0 in a message that did not pass it. */
export function validatorTrace(fields: readonly HeaderField[]): number {
  const index = fields.findIndex((field) => (ownTraceId(field)?.length ?? Infinity) <= longestTransaction);
  return Math.max(0, index);
}
