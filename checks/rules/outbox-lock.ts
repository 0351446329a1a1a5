import { itemName } from '../pod.ts';
import { outboxesOf } from '../outbox.ts';
import type { Rule } from '../rule.ts';

const VARIABLE = 'POD_UID';
const SOURCE = 'metadata.uid';

export const outboxLock: Rule = {
  id: 'outbox-lock',
  reason:
    'Two outboxes on one spool send everything twice. In a container every process is number 1, so only the pod tells them apart.',
  remedy: `Set ${VARIABLE} from the field ${SOURCE}.`,
  reference: 'https://kubernetes.io/docs/concepts/workloads/pods/downward-api/',
  *check(tree) {
    for (const { container } of outboxesOf(tree)) {
      const variable = container
        .at('env')
        .items()
        .find((entry) => itemName(entry) === VARIABLE);
      const source = variable?.at('valueFrom', 'fieldRef', 'fieldPath');
      if (source?.text !== SOURCE) {
        yield {
          at: source ?? container.at('env'),
          message: `${VARIABLE} ${variable === undefined ? 'is not set' : `does not come from ${SOURCE}`}`,
        };
      }
    }
  },
};
