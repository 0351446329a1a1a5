import { environment as variables } from '../../relay-src/mx-validator/contract.ts';
import { environmentOf } from '../pod.ts';
import { containerOf, mailpitsOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** Headers that a hop adds: each hop takes at least this much more than the one before it. */
const MARGIN = 64 * 1024;

export const messageSize: Rule = {
  id: 'message-size',
  reason: 'Mailpit reads the rest of a too large mail as commands, so it must never be the one to refuse.',
  remedy: `Set MP_MAX_MESSAGE_SIZE (MiB) at least 64 KiB above ${variables.maxMessageBytes} of mx-validator.`,
  reference: 'https://www.rfc-editor.org/rfc/rfc1870',
  *check(tree) {
    for (const { pod, container, environment } of mailpitsOf(tree)) {
      const limit = environment.get('MP_MAX_MESSAGE_SIZE');
      const mebibytes = Number(limit?.text);
      if (limit === undefined || !(mebibytes > 0)) {
        yield { at: limit ?? container.at('env'), message: 'MP_MAX_MESSAGE_SIZE is not set to a size' };
        continue;
      }
      const validator = containerOf(pod, 'mx-validator');
      if (validator === undefined) continue;
      const first = environmentOf(validator).get(variables.maxMessageBytes);
      if (first === undefined) {
        yield { at: validator.at('env'), message: `${variables.maxMessageBytes} is not set in mx-validator` };
      } else if (mebibytes * 1024 * 1024 < Number(first.text) + MARGIN) {
        yield {
          at: limit,
          message: `${mebibytes} MiB is less than ${first.text} bytes of mx-validator and 64 KiB`,
        };
      }
    }
  },
};
