import type { Field } from './field.ts';
import { parseImage } from './image.ts';
import { environmentOf, itemName, podsOf } from './pod.ts';
import type { Pod } from './pod.ts';
import { oncePerTree } from './tree.ts';

/** The pods that run mx-validator: the mail relay itself. */
export const relaysOf = oncePerTree((tree): readonly Pod[] =>
  podsOf(tree).filter((pod) => containerOf(pod, 'mx-validator') !== undefined),
);

/** The container of a pod that runs a program, known by its name or by that of its image. */
export function containerOf(pod: Pod, program: string): Field | undefined {
  return pod.containers.find((container) => runs(container, program));
}

function runs(container: Field, program: string): boolean {
  return itemName(container) === program || programOf(container) === program;
}

/** Last part of the image's name: what the container runs, whatever it is called. */
export function programOf(container: Field): string {
  return (
    parseImage(container.at('image').text ?? '')
      .name.split('/')
      .at(-1) ?? ''
  );
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
      .filter((container) => runs(container, 'mailpit'))
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
