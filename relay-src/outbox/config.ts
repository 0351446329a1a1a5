/**
 * The configuration: one YAML file, its schema, and the problems with it in words. The one source of types, run-time
 * validation and `docs/outbox-config.md`.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname as systemHostname } from 'node:os';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { parseAddress } from '../daemon/listen.ts';
import { parseInput } from '../schema/problems.ts';
import { parseMailbox, toALabels } from '../smtp/address.ts';
import { parseSenderList } from '../smtp/senders.ts';
import { files, ports } from './contract.ts';
import { graphSchema } from './graph/config.ts';
import { smarthostSchema } from './smarthost/config.ts';

/** The file cannot be used; the message has one line for each problem: file, path, what would be right. */
export class ConfigError extends Error {}

const address = z
  .string('expected an address to listen on, such as ":9092"')
  .refine(
    (text) => parseAddress(text) !== undefined,
    'expected an address to listen on, such as ":9092", "127.0.0.1:2525" or "[::1]:2525"',
  )
  .transform((text) => parseAddress(text) ?? { host: undefined, port: 0 });

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A span of time, written "30s", "5m", "1h" or "2d"; milliseconds after parsing. */
const duration = (least: string, most: string) =>
  z
    .string('expected a time such as "30s", "5m", "1h" or "2d"')
    .regex(/^[1-9]\d{0,5}[smhd]$/, {
      error: 'expected a time such as "30s", "5m", "1h" or "2d"',
      abort: true,
    })
    .refine(
      (text) => milliseconds(text) >= milliseconds(least) && milliseconds(text) <= milliseconds(most),
      `expected ${least} to ${most}`,
    )
    .transform(milliseconds);

function milliseconds(text: string): number {
  const [, number = '', unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  return Number(number) * (Object.entries(units).find(([name]) => name === unit)?.[1] ?? NaN);
}

/** A number of octets, or "512Ki", "25Mi"; octets after parsing. */
const size = (least: number, most: number) => {
  const error = 'expected a size: a number of octets, "512Ki", "25Mi" or "2Gi"';
  return z
    .union([z.int(), z.string().regex(/^[1-9]\d{0,6}(Ki|Mi|Gi)$/, { error, abort: true })], { error })
    .refine((value) => octets(value) >= least && octets(value) <= most, `expected ${least} to ${most} octets`)
    .transform(octets);
};

function octets(value: number | string): number {
  if (typeof value === 'number') return value;
  return Number.parseInt(value, 10) * 1024 ** (['Ki', 'Mi', 'Gi'].indexOf(value.slice(-2)) + 1);
}

const host = z
  .string()
  .refine(
    (text) => isIP(text) !== 0 || toALabels(text) !== undefined,
    'expected a host name or an IP address',
  );

const mailAddress = z
  .string()
  .refine(
    (text) => parseMailbox(text)?.literal === false,
    'expected a mail address, such as "mailer-daemon@example.com"',
  );

export const schema = z.strictObject({
  listen: address.prefault(`127.0.0.1:${ports.smtp}`).meta({
    description: 'where SMTP is listened for',
    reason: 'loopback: nobody sends past mx-validator',
  }),
  metrics: address.prefault(`:${ports.metrics}`).meta({
    description: 'where `/metrics`, `/healthz` and `/readyz` are served',
    reason: 'all addresses: probes and Prometheus come from outside of the pod',
  }),
  spool: z.string().min(1).default(files.spool).meta({
    description: 'folder of the queue: on storage that outlives the process, and of one writer',
    reason: 'where the claim `outbox-data` is mounted',
  }),
  maxSize: size(65_536, 1024 ** 3)
    .prefault(26_279_936)
    .meta({
      description:
        'largest message that is accepted; what the transport takes may be less, and is what SIZE announces then',
      reason: '64 KiB above the default of mx-validator: each hop adds its header field',
    }),
  hostname: z
    .string()
    .refine((text) => toALabels(text) !== undefined, 'expected a host name, such as "relay.example.com"')
    .optional()
    .meta({ description: 'our name in SMTP, and in bounces', reason: "the system's host name" }),
  allowedFrom: z
    .array(z.string())
    .superRefine((entries, context) => {
      const list = parseSenderList(entries);
      if (typeof list === 'string') {
        context.addIssue({
          code: 'custom',
          message: `expected addresses and domains, such as app@example.com or example.org; ${list}`,
        });
      }
    })
    .optional()
    .meta({
      description:
        'addresses and domains that may send: the envelope sender, the one address of From, and Sender where there is one; a domain does not cover its subdomains; without it, anybody may',
    }),
  retry: z
    .strictObject({
      first: duration('1s', '1h').prefault('30s').meta({
        description: 'wait after the first attempt that failed; each further one doubles it',
        reason: 'a short trouble of the next hop is over by then',
      }),
      longest: duration('10s', '1d').prefault('30m').meta({
        description: 'the longest wait between two attempts, unless Retry-After asks for more',
        reason: 'mail flows within half an hour of an end of the trouble (RFC 5321 4.5.4.1)',
      }),
      unknown: duration('60s', '1d').prefault('2m').meta({
        description:
          'the least wait after an attempt that may have sent the message although it was not confirmed',
        reason: 'trying again may send it twice; trouble that loses answers should be over first',
      }),
      maxAge: duration('1m', '30d').prefault('2d').meta({
        description: 'age at which a message that could not be sent is given up: `failed/`, and a bounce',
        reason: 'a weekend; RFC 5321 4.5.4.1 suggests four to five days, for mail that nobody is waiting for',
      }),
    })
    .prefault({})
    .meta({ description: 'when a message is tried again' }),
  bounces: z
    .strictObject({
      from: mailAddress.meta({
        description:
          'mailbox that bounces are sent from; the transport must be able to send as it, and `allowedFrom` does not apply',
      }),
      to: mailAddress.optional().meta({
        description: 'address that gets all bounces, in place of the sender of each message',
        reason: 'the sender hears of its own message',
      }),
    })
    .optional()
    .meta({ description: 'non-delivery reports (RFC 3464) to the sender of a message that failed' }),
  copy: z
    .strictObject({
      host: host.default('127.0.0.1').meta({ description: 'host of Mailpit', reason: 'the same pod' }),
      port: z
        .int()
        .min(1)
        .max(65_535)
        .default(1025)
        .meta({ description: 'its SMTP port', reason: "Mailpit's own default" }),
      maxMessages: z.int().min(1).max(100_000).default(1000).meta({
        description: 'copies that may wait; more are dropped',
        reason: 'a restart of Mailpit under load',
      }),
      maxBytes: size(1024 ** 2, 1024 ** 4)
        .prefault('256Mi')
        .meta({
          description: 'octets of messages whose copies may wait; more are dropped',
          reason: 'they keep files on the disk that delivery would free',
        }),
      maxAge: duration('1s', '1d').prefault('10m').meta({
        description: 'how long a copy is tried; then it is dropped',
        reason: 'it is a convenience: delivery never waits for it',
      }),
    })
    .optional()
    .meta({ description: 'a copy of each accepted message for Mailpit, best effort' }),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .meta({ description: 'least level that is logged', reason: 'one line for each event of a message' }),
      format: z
        .enum(['json', 'text'])
        .default('json')
        .meta({ description: '`json`, or `text` for people', reason: 'log stores read JSON' }),
    })
    .prefault({})
    .meta({ description: 'structured logs, on standard output' }),
  transport: z
    .discriminatedUnion('kind', [graphSchema, smarthostSchema])
    .meta({ description: 'what carries the mail on' }),
});

/** With every default in place. */
export type Config = z.output<typeof schema> & { readonly hostname: string };

/** The configuration in a file. Throws {@link ConfigError} that lists everything wrong at once. */
export function readConfig(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(
      `${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return parseConfig(text, file);
}

/** The same of a text; `file` is its name in problems. */
export function parseConfig(text: string, file: string): Config {
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => `${file}: ${error.message.split('\n')[0]}`).join('\n'),
    );
  }
  const parsed = parseInput(schema, document.toJS() ?? {});
  if ('value' in parsed) return { ...parsed.value, hostname: parsed.value.hostname ?? systemHostname() };
  const lines = parsed.problems.map(({ path, message }) =>
    path === '' ? `${file}: ${message}` : `${file}: ${path}: ${message}`,
  );
  throw new ConfigError(lines.join('\n'));
}
