/**
 * The trace field that mx-validator adds. What stands above it was put there on the way to us, by Mailpit for
 * instance, which names the first recipient in its own, be it a blind one.
 */
import type { HeaderField } from '../../smtp/header-fields.ts';

/** As `receivedHeader` of relay-src/smtp writes it, unfolded; `id` is the transaction. */
const ours = /^from \S+ \(\[[^\]\s]+\]\)\tby (\S+) with [A-Z0-9]+ id ([0-9a-z]{6,16})(?:\tfor <[^>]*>)?;\t/;

export interface OwnTrace {
  /** Place of the field in the list. */
  readonly index: number;
  /** The name of the relay that wrote it, and its id of the transaction. */
  readonly by: string;
  readonly tx: string;
}

/** The topmost field that mx-validator wrote; undefined in a message that did not pass it. */
export function findOwnTrace(fields: readonly HeaderField[]): OwnTrace | undefined {
  for (const [index, { name, value }] of fields.entries()) {
    const match = name === 'received' ? ours.exec(value) : null;
    if (match !== null) return { index, by: match[1] ?? '', tx: match[2] ?? '' };
  }
  return undefined;
}
