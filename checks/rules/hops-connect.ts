import { environment as variables, ports as contract } from '../../relay-src/mx-validator/contract.ts';
import { ports as outboxPorts } from '../../relay-src/outbox/contract.ts';
import type { Field } from '../field.ts';
import { listenerOf, outboxesOf } from '../outbox.ts';
import { environmentOf, itemName, portsOf } from '../pod.ts';
import type { Pod } from '../pod.ts';
import { containerOf, relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

/** Container, variable with the address that it binds, default, and the name of the port that it declares. */
const LISTENERS = [
  ['mx-validator', variables.listenAddr, ':25', 'smtp'],
  ['mx-validator', variables.metricsAddr, `:${contract.metrics}`, 'mx-metrics'],
  ['mailpit', 'MP_UI_BIND_ADDR', ':8025', 'http'],
  ['mailpit', 'MP_ENABLE_PROMETHEUS', 'false', 'mp-metrics'],
] as const;

/** Ports of a list of addresses: `:25`, `127.0.0.1:1025,[::1]:1025`. */
function portsIn(addresses: string): readonly number[] {
  return addresses.split(',').map((address) => Number(/:(\d+)\s*$/.exec(address)?.[1]));
}

/** Port on which Mailpit takes mail. */
function mailpitSmtp(mailpit: Field): number {
  return portsIn(environmentOf(mailpit).get('MP_SMTP_BIND_ADDR')?.text ?? ':1025')[0] ?? NaN;
}

/** The hop behind mx-validator: outbox, or Mailpit in the published order. */
function nextHop(tree: Tree, pod: Pod): { readonly name: string; readonly port: number } | undefined {
  if (containerOf(pod, 'outbox') !== undefined) {
    const outbox = outboxesOf(tree).find((candidate) => candidate.pod === pod);
    const listen = outbox === undefined ? undefined : listenerOf(outbox.config.at('listen'));
    return { name: 'outbox', port: listen?.port ?? outboxPorts.smtp };
  }
  const mailpit = containerOf(pod, 'mailpit');
  return mailpit === undefined ? undefined : { name: 'Mailpit', port: mailpitSmtp(mailpit) };
}

function* listeners(pod: Pod) {
  for (const [name, variable, fallback, portName] of LISTENERS) {
    const container = containerOf(pod, name);
    if (container === undefined) continue;
    const declared = portsOf([container]).find((port) => port.name === portName);
    const address = environmentOf(container).get(variable)?.text ?? fallback;
    if (declared?.number === undefined || portsIn(address).includes(declared.number)) continue;
    yield {
      at: declared.field.at('containerPort'),
      message: `${itemName(container)} listens on "${address}" (${variable}), not on ${declared.number}`,
    };
  }
}

export const hopsConnect: Rule = {
  id: 'hops-connect',
  reason: 'Each hop is told the address of the next one in a variable that no schema compares.',
  remedy: 'Let every address and port come from the one place that both containers read.',
  reference: 'https://mailpit.axllent.org/docs/configuration/runtime-options/',
  *check(tree) {
    for (const pod of relaysOf(tree)) {
      yield* listeners(pod);
      const validator = containerOf(pod, 'mx-validator');
      const next = nextHop(tree, pod);
      if (validator === undefined || next === undefined) continue;
      const environment = environmentOf(validator);
      const host = environment.get(variables.upstreamHost);
      const port = environment.get(variables.upstreamPort);
      if (host?.text !== undefined && host.text !== '127.0.0.1') {
        yield {
          at: host,
          message: `the next hop is ${host.text}, but ${next.name} is in this pod, on 127.0.0.1`,
        };
      }
      if (port?.text !== undefined && Number(port.text) !== next.port) {
        yield {
          at: port,
          message: `the next hop is port ${port.text}, but ${next.name} takes mail on ${next.port}`,
        };
      }
    }
  },
};
