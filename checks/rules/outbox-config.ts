import type { Field } from '../field.ts';
import { listenerOf, outboxesOf } from '../outbox.ts';
import type { Outbox } from '../outbox.ts';
import { environmentOf, portsOf } from '../pod.ts';
import { containerOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** Keys of the configuration whose values are secret; `{ file: PATH }` is what may stand there. */
const SECRET_KEYS = new Set(['clientSecret', 'password', 'privateKey']);

function* inClear(config: Field): Generator<string> {
  for (const value of config.scalars()) {
    const key = String(value.path.at(-1));
    if (SECRET_KEYS.has(key)) yield key;
  }
}

function* wrongAddresses({ pod, container, config }: Outbox): Generator<string> {
  const listen = listenerOf(config.at('listen'));
  if (config.at('listen').exists && listen?.host !== '127.0.0.1') {
    yield `listen is ${String(config.at('listen').value)}, so mail can come in past mx-validator`;
  }
  const metrics = listenerOf(config.at('metrics'))?.port;
  const declared = portsOf([container]).find((port) => port.name === 'outbox-metrics')?.number;
  if (metrics !== undefined && declared !== undefined && metrics !== declared) {
    yield `metrics is on port ${metrics}, and the container declares ${declared}`;
  }
  const mailpit = containerOf(pod, 'mailpit');
  const bind = mailpit === undefined ? undefined : environmentOf(mailpit).get('MP_SMTP_BIND_ADDR');
  const taken = bind === undefined ? undefined : listenerOf(bind);
  const copy = config.at('copy');
  if (taken !== undefined && copy.exists) {
    const [host, port] = [copy.at('host').text ?? '127.0.0.1', copy.at('port').number ?? 1025];
    if (host !== taken.host || port !== taken.port) {
      yield `copies go to ${host}:${port}, and Mailpit takes mail on ${bind?.text}`;
    }
  }
}

export const outboxConfig: Rule = {
  id: 'outbox-config',
  reason:
    'The configuration of outbox is text to Kubernetes: nobody compares it with the pod that it is for.',
  remedy:
    'Mount a ConfigMap where --config points; listen on 127.0.0.1, send copies where Mailpit listens, and name secrets by their files.',
  reference: 'https://kubernetes.io/docs/concepts/configuration/configmap/',
  *check(tree) {
    for (const outbox of outboxesOf(tree)) {
      const { container, entry, config } = outbox;
      const [first] = container.at('args').items();
      if (first?.text?.startsWith('/') === true) {
        yield { at: first, message: `outbox takes no argument "${first.text}" without --config before it` };
      }
      const last = container.at('args').items().at(-1);
      if (last?.value === '--config') yield { at: last, message: 'it names no file' };
      if (entry?.text === undefined) {
        yield { at: container.at('args'), message: 'no ConfigMap holds the file that outbox reads' };
        continue;
      }
      if (config.entries().length === 0) {
        yield { at: entry, message: 'it is not a map in YAML' };
        continue;
      }
      for (const message of wrongAddresses(outbox)) yield { at: entry, message };
      for (const key of inClear(config)) yield { at: entry, message: `${key} is there in clear` };
    }
  },
};
