import { parseDocument } from 'yaml';
import { files } from '../relay-src/outbox/contract.ts';
import { Field } from './field.ts';
import { itemName, mountOf, volumesOf } from './pod.ts';
import type { Pod } from './pod.ts';
import { containerOf, relaysOf } from './relay.ts';
import { oncePerTree } from './tree.ts';

/** An outbox: its container, and the configuration that it reads. */
export interface Outbox {
  readonly pod: Pod;
  readonly container: Field;
  /** The entry of the ConfigMap that is the configuration; undefined where no ConfigMap of the tree has it. */
  readonly entry: Field | undefined;
  /** What it says. A finding is reported at the entry: it is one text. */
  readonly config: Field;
}

/** All pods of the relay that deliver by outbox. */
export const outboxesOf = oncePerTree((tree): readonly Outbox[] =>
  relaysOf(tree).flatMap((pod) => {
    const container = containerOf(pod, 'outbox');
    if (container === undefined) return [];
    const path = configPath(container);
    const mount = mountOf(container, path);
    const name = volumesOf(pod)
      .get(mount === undefined ? '' : itemName(mount))
      ?.at('configMap', 'name').text;
    const key = path.slice(path.lastIndexOf('/') + 1);
    const entry = tree.find('ConfigMap', pod.namespace, name ?? '')?.at('data', key);
    return [{ pod, container, entry, config: configIn(entry ?? container.at('args')) }];
  }),
);

/** The file that its arguments name. */
function configPath(container: Field): string {
  const words = container
    .at('args')
    .items()
    .map((word) => word.text ?? '');
  const option = words.indexOf('--config');
  return option < 0 ? files.config : (words[option + 1] ?? '');
}

function configIn(entry: Field): Field {
  const document = parseDocument(entry.text ?? '');
  const value: unknown = document.errors.length > 0 ? undefined : document.toJS();
  return new Field(entry.document, entry.path, value);
}

/** The address and the port of a value like `127.0.0.1:2525` or `:9092`. */
export function listenerOf(value: Field): { readonly host: string; readonly port: number } | undefined {
  const [, host = '', port] = /^(.*):(\d+)$/.exec(value.text ?? '') ?? [];
  return port === undefined ? undefined : { host, port: Number(port) };
}
