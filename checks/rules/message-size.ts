import { environment as variables } from '../../relay-src/mx-validator/contract.ts';
import type { Field } from '../field.ts';
import { outboxesOf } from '../outbox.ts';
import { environmentOf } from '../pod.ts';
import { quantityValue } from '../quantity.ts';
import { containerOf, mailpitsOf } from '../relay.ts';
import type { Mailpit } from '../relay.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

/** Headers that a hop adds: each hop takes at least this much more than the one before it. */
const MARGIN = 64 * 1024;

const MIB = 1024 * 1024;

/** What a hop takes: `at` says so, or would; NaN where nothing does. */
interface Limit {
  readonly hop: string;
  readonly at: Field;
  readonly bytes: number;
}

/** The hops of a message up to Mailpit, in their order. */
function limitsOf(tree: Tree, { pod, container, environment }: Mailpit): readonly Limit[] {
  const validator = containerOf(pod, 'mx-validator');
  const first = validator === undefined ? undefined : environmentOf(validator).get(variables.maxMessageBytes);
  const last = environment.get('MP_MAX_MESSAGE_SIZE');
  return [
    ...(validator === undefined
      ? []
      : [
          { hop: 'mx-validator', at: first ?? validator.at('env'), bytes: Number(first?.text ?? Number.NaN) },
        ]),
    ...outboxesOf(tree)
      .filter((outbox) => outbox.pod === pod && outbox.entry !== undefined)
      .map(({ entry, config }) => ({
        hop: 'outbox',
        at: entry ?? config,
        bytes: quantityValue(String(config.at('maxSize').value)) ?? Number.NaN,
      })),
    { hop: 'Mailpit', at: last ?? container.at('env'), bytes: (Number(last?.text) || Number.NaN) * MIB },
  ];
}

export const messageSize: Rule = {
  id: 'message-size',
  reason:
    'A hop that takes less than the one before it refuses what was accepted; Mailpit even reads the rest of such a mail as commands.',
  remedy: `Give each hop at least 64 KiB more than the one before it: ${variables.maxMessageBytes} of mx-validator, maxSize of outbox, MP_MAX_MESSAGE_SIZE (MiB) of Mailpit.`,
  reference: 'https://www.rfc-editor.org/rfc/rfc1870',
  *check(tree) {
    for (const mailpit of mailpitsOf(tree)) {
      const limits = limitsOf(tree, mailpit);
      for (const [index, { hop, at, bytes }] of limits.entries()) {
        const before = limits[index - 1];
        if (Number.isNaN(bytes)) yield { at, message: `${hop} is told no largest message` };
        else if (before !== undefined && bytes < before.bytes + MARGIN) {
          yield {
            at,
            message: `${bytes} bytes are less than the ${before.bytes} of ${before.hop} and 64 KiB`,
          };
        }
      }
    }
  },
};
