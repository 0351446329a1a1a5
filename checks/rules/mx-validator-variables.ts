import { environment as variables } from '../../relay-src/mx-validator/contract.ts';
import { itemName } from '../pod.ts';
import { containerOf, relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

const KNOWN: ReadonlySet<string> = new Set(Object.values(variables));

/** Read by Node and the C library, not by the program. */
const RUNTIME = /^(NODE_|UV_|LC_)|^(TZ|LANG|HTTPS?_PROXY|NO_PROXY)$/;

/** Who may send: for all listeners, or for the one on a port. */
const SENDERS = new RegExp(`^${variables.allowedSenders}(_\\d+)?$`);

/** Addresses, the next hop and the limit: what other objects must agree with. */
const WANTED: readonly string[] = [
  variables.listenAddr,
  variables.metricsAddr,
  variables.upstreamHost,
  variables.upstreamPort,
  variables.hostname,
  variables.maxMessageBytes,
];

export const mxValidatorVariables: Rule = {
  id: 'mx-validator-variables',
  reason:
    'A variable that the program does not read does nothing; without a list of senders anyone sends as anyone.',
  remedy: `Set ${[variables.allowedSenders, ...WANTED].join(', ')}, and use no other variables than those of its contract.`,
  reference: 'https://12factor.net/config',
  *check(tree) {
    for (const pod of relaysOf(tree)) {
      const list = containerOf(pod, 'mx-validator')?.at('env');
      if (list === undefined) continue;
      for (const entry of list.items()) {
        const name = itemName(entry);
        if (!KNOWN.has(name) && !SENDERS.test(name) && !RUNTIME.test(name)) {
          yield { at: entry.at('name'), message: `mx-validator does not read ${name}` };
        }
      }
      for (const name of tree.complete ? WANTED : []) {
        if (!list.items().some((entry) => itemName(entry) === name)) {
          yield { at: list, message: `${name} is left to its default` };
        }
      }
      if (!list.items().some((entry) => SENDERS.test(itemName(entry)) && entry.at('value').text !== '')) {
        yield { at: list, message: `${variables.allowedSenders} is not set, so anyone may send as anyone` };
      }
    }
  },
};
