import { itemName } from '../pod.ts';
import { relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

const UNPRIVILEGED = 1024;

export const highPorts: Rule = {
  id: 'high-ports',
  reason:
    'Without privileges a port below 1024 is refused where the node says so, and file capabilities do not help.',
  remedy: 'Listen on a high port (10025), and let the Service lead from 25 to it.',
  reference: 'https://docs.kernel.org/networking/ip-sysctl.html#ip-variables',
  *check(tree) {
    for (const container of relaysOf(tree).flatMap((pod) => pod.allContainers)) {
      for (const port of container.at('ports').items()) {
        const number = port.at('containerPort');
        if (number.number !== undefined && number.number < UNPRIVILEGED) {
          yield { at: number, message: `container ${itemName(container)} listens on ${number.number}` };
        }
      }
    }
  },
};
