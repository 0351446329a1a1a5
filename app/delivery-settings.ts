/** The settings of `delivery`: the last hop, and how it sends. What a program decides is described by its own schema. */
import { z } from 'zod';
import { schema as outboxSchema } from '../relay-src/outbox/config.ts';
import { graphSchema } from '../relay-src/outbox/graph/config.ts';
import { smarthostSchema } from '../relay-src/outbox/smarthost/config.ts';
import { meta, type Schema, unwrap } from '../relay-src/schema/tree.ts';
import { cidr, dnsName, httpsOrigin, mailAddress, proxyUrl, timeSpan } from './setting-types.ts';

const clientId = z.guid('expected the application (client) id of the app registration, a GUID').meta({
  description: 'application (client) id of the app registration',
});

/** How an app registration is logged in to, wherever one is. */
const appRegistration = {
  tenant: graphSchema.shape.tenant,
  clientId,
  credential: z.enum(['secret', 'certificate'], 'expected "secret" or "certificate"').default('secret').meta({
    description: 'what the app registration is logged in to with, made by `npm run secrets`',
    reason: 'made in a minute; a certificate is the safer one, since its key never leaves you',
  }),
  clientSecretExpires: graphSchema.shape.clientSecretExpires,
  loginUrl: httpsOrigin.default('https://login.microsoftonline.com').meta({
    description:
      'where tokens come from: `https://login.microsoftonline.us`, `https://login.chinacloudapi.cn`',
    reason: "Microsoft's global cloud",
  }),
};

const graph = z.strictObject({
  kind: graphSchema.shape.kind,
  ...appRegistration,
  graphUrl: httpsOrigin.default('https://graph.microsoft.com').meta({
    description:
      'where Graph is: `https://graph.microsoft.us`, `https://dod-graph.microsoft.us`, `https://microsoftgraph.chinacloudapi.cn`',
    reason: "Microsoft's global cloud",
  }),
  proxy: z
    .strictObject({
      url: proxyUrl.meta({ description: 'HTTP proxy (CONNECT) on the way out' }),
      networks: z
        .array(cidr)
        .min(1, 'expected where the proxy is, such as "10.1.2.3/32"')
        .meta({ description: 'its addresses: the NetworkPolicy opens these, and no longer the internet' }),
    })
    .optional(),
  forceMailbox: graphSchema.shape.forceMailbox,
  mailboxes: graphSchema.shape.mailboxes,
  mimeLimit: graphSchema.shape.mimeLimit,
  largeMessages: graphSchema.shape.largeMessages,
  saveToSentItems: graphSchema.shape.saveToSentItems,
  exactlyOnce: graphSchema.shape.exactlyOnce,
  headerRecipients: graphSchema.shape.headerRecipients,
});

const smarthost = z.strictObject({
  kind: smarthostSchema.shape.kind,
  host: dnsName.meta(meta(smarthostSchema.shape.host)),
  port: smarthostSchema.shape.port,
  tls: z.enum(['starttls', 'implicit'], 'expected "starttls" or "implicit"').default('starttls').meta({
    description: '`starttls` is required, not tried; the certificate is verified',
    reason: 'passwords and mail do not travel in clear',
  }),
  login: z
    .discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('password'),
        user: z.string().min(1).meta({ description: 'user name' }),
      }),
      z.strictObject({
        kind: z.literal('xoauth2'),
        user: mailAddress.meta({ description: 'mailbox that sends' }),
        ...appRegistration,
      }),
    ])
    .optional()
    .meta({
      description:
        'how the relay logs in; absent where the server knows it by its address. `xoauth2` is for Exchange Online, which so takes mail of full size',
    }),
  networks: z.array(cidr).default([]).meta({
    description: 'addresses of the server, if it is not on the internet',
    reason: 'a provider is on the internet',
  }),
  maxConnections: smarthostSchema.shape.maxConnections,
});

/** A span of time that the program judges, and that the ConfigMap gets as it was written. */
function timeOf(node: Schema) {
  return timeSpan.default(String(unwrap(node).fallback)).meta(meta(node));
}

const retry = outboxSchema.shape.retry.unwrap().shape;

const outbox = z.strictObject({
  kind: z.literal('outbox').optional().default('outbox').meta({
    description: 'a durable queue',
    reason: 'nothing that it acknowledged is lost',
  }),
  transport: z.discriminatedUnion('kind', [graph, smarthost]).meta(meta(outboxSchema.shape.transport)),
  retry: z
    .strictObject({
      first: timeOf(retry.first),
      longest: timeOf(retry.longest),
      unknown: timeOf(retry.unknown),
      maxAge: timeOf(retry.maxAge),
    })
    .prefault({})
    .meta(meta(outboxSchema.shape.retry)),
  bounces: outboxSchema.shape.bounces,
  migrateFrom: z.literal('smtp2graph', 'expected "smtp2graph"').optional().meta({
    description:
      "mounts smtp2graph's old claim, whose queue is taken over; take the setting away when it is empty (docs/operations.md)",
  }),
});

const smtp2graph = z.strictObject({
  kind: z.literal('smtp2graph').meta({ description: 'the published last hop' }),
  tenant: z
    .string()
    .regex(/^[\da-z-]+$/i, 'expected a GUID, or the name before ".onmicrosoft.com" without a dot')
    .meta({ description: 'Microsoft Entra tenant: its GUID, or NAME of NAME.onmicrosoft.com' }),
  clientId,
});

/** `outbox` where nothing is said. */
export const delivery = z.discriminatedUnion('kind', [outbox, smtp2graph]).meta({
  description:
    'the last hop. `outbox`, the default, is a durable queue: its 250 means that the mail is on disk. `smtp2graph` is the published one, and can lose mail (docs/operations.md)',
});

export type Delivery = z.output<typeof delivery>;
export type OutboxDelivery = Extract<Delivery, { kind: 'outbox' }>;
export type Smtp2graphDelivery = Extract<Delivery, { kind: 'smtp2graph' }>;
