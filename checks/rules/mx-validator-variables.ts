import { environment as variables } from '../../relay-src/mx-validator/contract.ts';
import { itemName } from '../pod.ts';
import { containerOf, relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

const KNOWN: ReadonlySet<string> = new Set(Object.values(variables));

/** Read by Node and the C library, not by the program. */
const RUNTIME = /^(NODE_|UV_|LC_)|^(TZ|LANG|HTTPS?_PROXY|NO_PROXY)$/;

export const mxValidatorVariables: Rule = {
  id: 'mx-validator-variables',
  reason: 'A variable that the program does not read is a setting that silently does nothing.',
  remedy: `Use one of ${[...KNOWN].join(', ')}.`,
  reference: 'https://12factor.net/config',
  *check(tree) {
    for (const pod of relaysOf(tree)) {
      for (const entry of containerOf(pod, 'mx-validator')?.at('env').items() ?? []) {
        const name = itemName(entry);
        if (!KNOWN.has(name) && !RUNTIME.test(name)) {
          yield { at: entry.at('name'), message: `mx-validator does not read ${name}` };
        }
      }
    }
  },
};
