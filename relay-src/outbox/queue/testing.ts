/** Messages and times for the tests of the queue. */
import type { Message } from '../spool/message.ts';
import type { Retry } from './retry.ts';

/** Without jitter: what a test computes is what it gets. */
export const retry: Retry = {
  first: 30_000,
  longest: 1_800_000,
  unknown: 120_000,
  maxAge: 172_800_000,
  random: () => 0.5,
};

/** A message to one recipient, accepted at 0, but for what is given. */
export function message(changes: Partial<Message> = {}): Message {
  return {
    id: 'm',
    state: 'queued',
    sender: 'app@example.com',
    headerFrom: 'app@example.com',
    mailbox: 'app@example.com',
    recipients: ['a@example.org'],
    smtpUtf8: false,
    accepted: 0,
    since: 0,
    size: 1000,
    sha256: '',
    revision: 0,
    next: 0,
    attemptCount: 0,
    attempts: [],
    outcomes: new Map(),
    ...changes,
  };
}
