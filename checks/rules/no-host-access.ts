import { itemName, podsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

export const noHostAccess: Rule = {
  id: 'no-host-access',
  reason: 'Namespaces, paths and ports of the node are outside every fence that the pod has.',
  remedy: 'Leave out hostNetwork, hostPID, hostIPC, hostPath, hostPort and privileged.',
  reference: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline',
  *check(tree) {
    for (const { spec, allContainers } of podsOf(tree)) {
      for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) {
        const field = spec.at(name);
        if (field.value === true) yield { at: field, message: `the pod shares ${name} with the node` };
      }
      for (const volume of spec.at('volumes').items()) {
        const path = volume.at('hostPath');
        if (path.exists) yield { at: path, message: `volume ${itemName(volume)} is a path of the node` };
      }
      for (const container of allContainers) {
        const privileged = container.at('securityContext', 'privileged');
        if (privileged.value === true) {
          yield { at: privileged, message: `container ${itemName(container)} is privileged` };
        }
        for (const port of container.at('ports').items()) {
          const hostPort = port.at('hostPort');
          if (hostPort.number !== undefined && hostPort.number !== 0) {
            yield { at: hostPort, message: `container ${itemName(container)} takes a port of the node` };
          }
        }
      }
    }
  },
};
