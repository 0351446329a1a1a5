import type { IContainer } from 'kubernetes-models/v1/Container';
import { type ContainerResources, environmentVariables, hardenedContainer } from './hardened-container.ts';

/** 1025 listens on loopback only. */
export const mailpitPorts = { smtp: 1025, http: 8025, metrics: 9091 } as const;

/** Claim and Secret of Mailpit; the Secret holds htpasswd lines under these keys. */
export const mailpitNames = {
  claim: 'mailpit-data',
  secret: 'mailpit-auth',
  uiAuth: 'auth',
  sendAuth: 'send-api-auth',
} as const;

const MIB = 1024 * 1024;

export interface MailpitRelay {
  readonly host: string;
  readonly port: number;
  /** Seconds that Mailpit outlives the hop before it: it exits at once on SIGTERM and drops what it is relaying. */
  readonly preStopSeconds: number;
}

export interface MailpitProps {
  readonly image: string;
  /** Smallest limit that lets through all that the hop before it accepts, in bytes. */
  readonly maxMessageBytes: number;
  readonly maxMessages: number;
  /** Hours or days, such as `30d`. */
  readonly maxAge: string;
  /** Whether `/data` is a network file system, where SQLite must not use its write-ahead log. */
  readonly networkFileSystem: boolean;
  /** Where Mailpit passes every message on to, in the published order; without it, it keeps copies and sends nothing. */
  readonly relay?: MailpitRelay;
  readonly resources: ContainerResources;
}

/** Mailpit's limit, which is whole MiB. */
export function mailpitLimit(maxMessageBytes: number): {
  readonly mebibytes: number;
  readonly bytes: number;
} {
  const mebibytes = Math.ceil(maxMessageBytes / MIB);
  return { mebibytes, bytes: mebibytes * MIB };
}

/** The searchable copy, and in the published order the hop between mx-validator and smtp2graph. */
export function mailpit({ relay, ...props }: MailpitProps): IContainer {
  return hardenedContainer({
    name: 'mailpit',
    image: props.image,
    env: environmentVariables({
      MP_SMTP_BIND_ADDR: `127.0.0.1:${mailpitPorts.smtp}`,
      MP_UI_BIND_ADDR: `[::]:${mailpitPorts.http}`,
      MP_ENABLE_PROMETHEUS: `[::]:${mailpitPorts.metrics}`,
      MP_DATABASE: '/data/mailpit.db',
      MP_DISABLE_WAL: props.networkFileSystem ? 'true' : undefined,
      // SQLite's VACUUM and large uploads need scratch space, and the root file system is read-only.
      TMPDIR: '/data',
      MP_MAX_MESSAGES: String(props.maxMessages),
      MP_MAX_AGE: props.maxAge,
      MP_MAX_MESSAGE_SIZE: String(mailpitLimit(props.maxMessageBytes).mebibytes),
      ...(relay === undefined ? {} : relayVariables(relay)),
      MP_UI_AUTH_FILE: `/auth/${mailpitNames.uiAuth}`,
      // A credential that nobody knows: nobody sends past mx-validator.
      MP_SEND_API_AUTH_FILE: `/auth/${mailpitNames.sendAuth}`,
      MP_SMTP_DISABLE_RDNS: 'true',
      MP_DISABLE_VERSION_CHECK: 'true',
    }),
    ports: [
      { name: 'http', containerPort: mailpitPorts.http, protocol: 'TCP' },
      { name: 'mp-metrics', containerPort: mailpitPorts.metrics, protocol: 'TCP' },
    ],
    volumeMounts: [
      { name: mailpitNames.secret, mountPath: '/auth', readOnly: true },
      { name: mailpitNames.claim, mountPath: '/data' },
    ],
    resources: props.resources,
    ...(relay === undefined ? {} : { lifecycle: { preStop: { sleep: { seconds: relay.preStopSeconds } } } }),
    startupProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 2, failureThreshold: 150 },
    livenessProbe: { httpGet: { path: '/livez', port: 'http' }, periodSeconds: 30, timeoutSeconds: 5 },
    readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 10, timeoutSeconds: 5 },
  });
}

function relayVariables({ host, port }: MailpitRelay): Record<string, string> {
  return {
    // Without it, a message that the relay refused would be answered with 250 and be lost.
    MP_SMTP_RELAY_FWD_SMTP_ERRORS: 'true',
    MP_SMTP_RELAY_ALL: 'true',
    MP_SMTP_RELAY_HOST: host,
    MP_SMTP_RELAY_PORT: String(port),
    // Closes "release" in the web UI and leaves the automatic relay working.
    MP_SMTP_RELAY_ALLOWED_RECIPIENTS: '^$',
  };
}
