import type { Field } from './field.ts';
import { environmentOf, itemName, podsOf } from './pod.ts';
import type { Pod } from './pod.ts';
import { oncePerTree } from './tree.ts';

/** The pods that run mx-validator: the mail relay itself. */
export const relaysOf = oncePerTree((tree): readonly Pod[] =>
  podsOf(tree).filter((pod) => containerOf(pod, 'mx-validator') !== undefined),
);

/** A container of a pod by name. */
export function containerOf(pod: Pod, name: string): Field | undefined {
  return pod.containers.find((container) => itemName(container) === name);
}

/** A container that runs Mailpit, and its pod. */
export interface Mailpit {
  readonly pod: Pod;
  readonly container: Field;
  readonly environment: ReadonlyMap<string, Field>;
}

/** All containers that run Mailpit, known by name or image. */
export const mailpitsOf = oncePerTree((tree): readonly Mailpit[] =>
  podsOf(tree).flatMap((pod) =>
    pod.containers
      .filter(
        (container) =>
          itemName(container) === 'mailpit' || /(^|\/)mailpit([:@]|$)/.test(container.at('image').text ?? ''),
      )
      .map((container) => ({ pod, container, environment: environmentOf(container) })),
  ),
);

/** Does this Mailpit pass mail on, as in the published order? With outbox it keeps a copy and relays nothing. */
export function relays({ environment }: Mailpit): boolean {
  return ['MP_SMTP_RELAY_HOST', 'MP_SMTP_RELAY_CONFIG', 'MP_SMTP_RELAY_ALL', 'MP_SMTP_RELAY_MATCHING'].some(
    (name) => environment.has(name),
  );
}

/** Mailpit's reading of a boolean (config.go): 1, true and yes. */
export function isOn(value: Field | undefined): boolean {
  return value?.text !== undefined && ['1', 'true', 'yes'].includes(value.text.toLowerCase());
}
