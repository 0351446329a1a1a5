/** An environment as the charts see it: its settings, the images that it runs and its encrypted secrets. */
import { mailpitLimit } from '../constructs/mailpit.ts';
import { labels } from '../constructs/labels.ts';
import type { SecretFile } from './charts/folder-chart.ts';
import type { Images } from './images.ts';
import type { Smtp2graphDelivery } from './delivery-settings.ts';
import type { SecretName, SecretsEnvironment } from './secrets/catalog.ts';
import type { Smtp2graphSettings } from './secrets/smtp2graph-config.ts';
import type { Settings } from './settings.ts';

/** Namespace of the relay. */
export const NAMESPACE = 'email-relay';

/** Namespace of the Flux objects: Flux's own, or the relay's, where a tenant may not leave it. */
export function fluxNamespace({ flux }: Settings): string {
  return flux.profile === 'tenant' ? NAMESPACE : 'flux-system';
}

/** Where the containers of the pod find each other. Never `localhost`, which may be ::1. */
export const LOOPBACK = '127.0.0.1';

export interface Environment {
  readonly name: string;
  /** `app/environments/<name>.ts`. */
  readonly file: string;
  readonly settings: Settings;
  readonly images: Images;
  readonly secrets: ReadonlyMap<SecretName, SecretFile>;
}

/** Labels of the Flux objects: where they are in the relay's namespace, they are told by the relay's. */
export function fluxLabels({ flux }: Settings): Readonly<Record<string, string>> {
  return flux.profile === 'tenant' ? labels : {};
}

/** Hosts of the published example: reserved names, which no installation of its own can have. */
const EXAMPLE_HOST = /(^|[./@])example\.(com|net|org|local)([:/]|$)|\.example([:/]|$)/;

/** Whether the settings still point at the example's repository: only then may its public age key be in use. */
export function isExample(settings: Settings): boolean {
  return EXAMPLE_HOST.test(settings.git.url);
}

/** Each hop takes this much more than the one before it, which adds trace headers. */
const HEADROOM = 64 * 1024;

/** The largest message that each hop behind mx-validator accepts, in bytes, from the one setting. */
export function hopLimits({ largestMessage, delivery }: Pick<Settings, 'largestMessage' | 'delivery'>): {
  readonly mailpit: number;
  readonly lastHop: number;
} {
  if (delivery.kind === 'outbox') {
    const lastHop = largestMessage + HEADROOM;
    return { lastHop, mailpit: mailpitLimit(lastHop + HEADROOM).bytes };
  }
  const mailpit = mailpitLimit(largestMessage + HEADROOM).bytes;
  return { mailpit, lastHop: mailpit + HEADROOM };
}

/** What the secrets of an environment depend on. */
export function secretsEnvironment(name: string, settings: Settings): SecretsEnvironment {
  const { delivery, registry } = settings;
  return {
    name,
    namespace: NAMESPACE,
    example: isExample(settings),
    ...(delivery.kind === 'outbox'
      ? { outbox: delivery.transport }
      : { smtp2graph: smtp2graphSettings(settings, delivery) }),
    pullSecretRegistry: registry.pullSecret === 'none' ? undefined : registry.prefix.split('/')[0],
  };
}

function smtp2graphSettings(
  settings: Settings,
  { tenant, clientId }: Smtp2graphDelivery,
): Smtp2graphSettings {
  return {
    tenant,
    clientId,
    // It knows exact addresses only; mx-validator has checked the sender before, domains included.
    allowedFrom: settings.senders.every((sender) => sender.includes('@')) ? settings.senders : [],
    maxMessageBytes: hopLimits(settings).lastHop,
  };
}
