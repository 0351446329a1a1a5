import type { Field } from '../field.ts';
import { podsOf, portsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

/** RFC 6335 5.1: at most 15 of a-z, 0-9 and "-", with a letter, no "-" at the ends or twice in a row. */
const SERVICE_NAME = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;

export const containerPorts: Rule = {
  id: 'container-ports',
  reason: 'Containers of a pod share one network: a port or name used twice reaches only one of them.',
  remedy: 'Use each number and name once a pod; names have at most 15 letters, digits and dashes.',
  reference: 'https://www.rfc-editor.org/rfc/rfc6335#section-5.1',
  *check(tree) {
    for (const { containers } of podsOf(tree)) {
      const names = new Set<string>();
      const numbers = new Map<string, Field>();
      for (const { field, container, name, number, protocol } of portsOf(containers)) {
        if (name !== undefined) {
          if (!SERVICE_NAME.test(name))
            yield { at: field.at('name'), message: `"${name}" is no valid port name` };
          if (names.has(name))
            yield {
              at: field.at('name'),
              message: `the pod has two ports named ${name}`,
              severity: tree.doubt,
            };
          names.add(name);
        }
        const key = `${number}/${protocol}`;
        const owner = numbers.get(key);
        // Elsewhere two names for one port of one program are a habit that harms nobody.
        if (owner !== undefined && (tree.complete || owner !== container))
          yield {
            at: field.at('containerPort'),
            message: `the pod has port ${key} twice`,
            severity: tree.doubt,
          };
        numbers.set(key, container);
      }
    }
  },
};
