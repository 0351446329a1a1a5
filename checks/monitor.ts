import type { Field } from './field.ts';
import { stringMap } from './pod.ts';
import { selects } from './selector.ts';
import { namespaceOf } from './tree.ts';
import type { Tree } from './tree.ts';

/** The Services of the tree that a ServiceMonitor selects. */
export function monitoredServices(tree: Tree, monitor: Field): readonly Field[] {
  const selector = monitor.at('spec', 'namespaceSelector');
  const names = selector
    .at('matchNames')
    .items()
    .map((item) => item.text);
  const everywhere = selector.at('any').value === true;
  return tree
    .of('Service')
    .filter(
      (service) =>
        everywhere ||
        (names.length > 0
          ? names.includes(namespaceOf(service))
          : namespaceOf(service) === namespaceOf(monitor)),
    )
    .filter((service) =>
      selects(monitor.at('spec', 'selector'), stringMap(service.at('metadata', 'labels'))),
    );
}
