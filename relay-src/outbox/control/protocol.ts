/** What the command line and the program say to each other over the socket in the spool: one JSON value a line. */
import { z } from 'zod';
import { committedStates } from '../spool/message.ts';

export const request = z.strictObject({
  command: z.enum(['retry', 'hold', 'delete']),
  /** Queue ids, or all messages in a state. */
  what: z.union([z.array(z.string()), z.strictObject({ state: z.enum(committedStates) })]),
});
export type Request = z.infer<typeof request>;

/** What became of one message. */
export const answer = z.strictObject({ id: z.string(), ok: z.boolean(), text: z.string() });
export type Answer = z.infer<typeof answer>;

/** A request is a line of text; more than this is none. */
export const maxRequest = 1_048_576;
