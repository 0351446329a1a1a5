import type { IContainer } from 'kubernetes-models/v1/Container';
import { environment, paths, ports } from '../relay-src/mx-validator/contract.ts';
import { type ContainerResources, environmentVariables, hardenedContainer } from './hardened-container.ts';

export interface MxValidatorProps {
  readonly image: string;
  /** Name in the greeting, EHLO and Received. */
  readonly hostName: string;
  readonly upstream: { readonly host: string; readonly port: number };
  readonly maxMessageBytes: number;
  /** Addresses and domains. */
  readonly allowedSenders: readonly string[];
  /** Refused domains, each with the one that was meant. */
  readonly refusedDomains: Readonly<Record<string, string>>;
  /** Whether a sender is refused whose domain takes no mail. */
  readonly checkSenderDomain: boolean;
  /** Addresses whose mail loses its calendar parts. */
  readonly stripCalendarFor: readonly string[];
  readonly resources: ContainerResources;
}

/** The SMTP proxy that applications talk to. */
export function mxValidator(props: MxValidatorProps): IContainer {
  return hardenedContainer({
    name: 'mx-validator',
    image: props.image,
    env: environmentVariables({
      [environment.listenAddr]: `:${ports.smtp}`,
      [environment.metricsAddr]: `:${ports.metrics}`,
      [environment.hostname]: props.hostName,
      [environment.upstreamHost]: props.upstream.host,
      [environment.upstreamPort]: String(props.upstream.port),
      [environment.maxMessageBytes]: String(props.maxMessageBytes),
      [environment.allowedSenders]: props.allowedSenders.join(','),
      [environment.refusedDomains]: joined(
        Object.entries(props.refusedDomains).map(([refused, meant]) => `${refused}=${meant}`),
      ),
      [environment.checkSenderDomain]: props.checkSenderDomain ? 'on' : undefined,
      [environment.stripIcsRecipients]: joined(props.stripCalendarFor),
    }),
    ports: [
      { name: 'smtp', containerPort: ports.smtp, protocol: 'TCP' },
      { name: 'mx-metrics', containerPort: ports.metrics, protocol: 'TCP' },
    ],
    resources: props.resources,
    // Ready once the next hop answers; after that an unready pod would only turn a 4xx with a reason into a refused connection.
    startupProbe: {
      httpGet: { path: paths.ready, port: 'mx-metrics' },
      periodSeconds: 2,
      failureThreshold: 150,
    },
    livenessProbe: {
      httpGet: { path: paths.live, port: 'mx-metrics' },
      periodSeconds: 10,
      timeoutSeconds: 3,
      failureThreshold: 6,
    },
    readinessProbe: {
      httpGet: { path: paths.live, port: 'mx-metrics' },
      periodSeconds: 5,
      timeoutSeconds: 3,
    },
  });
}

/** A list as the program reads it; an empty one leaves the variable out. */
function joined(values: readonly string[]): string | undefined {
  return values.length > 0 ? values.join(',') : undefined;
}
