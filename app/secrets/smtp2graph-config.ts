import { createHash } from 'node:crypto';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { smtp2graphPort } from '../../constructs/smtp2graph.ts';

/** The part of smtp2graph's configuration that is no secret. */
export interface Smtp2graphSettings {
  /** Entra tenant: its GUID, or its name (what stands before `.onmicrosoft.com`). */
  readonly tenant: string;
  /** Application (client) id of the app registration. */
  readonly clientId: string;
  /** Envelope senders that may send; empty means any. */
  readonly allowedFrom: readonly string[];
  /** Largest message that smtp2graph accepts, in bytes; rounded up to whole KiB. */
  readonly maxMessageBytes: number;
}

/** Only Mailpit, in the same pod, may connect. Not `localhost`, which can be ::1 and then meets a 554. */
const loopback = '127.0.0.1';

/**
 * Attempts and minutes between them: about an hour of trouble at Graph. After the last one smtp2graph moves
 * the mail to `failed/` for good; many more would repeat a mail that Graph has sent but not confirmed.
 */
const retryLimit = 12;
const retryInterval = 5;

/** smtp2graph appends `.onmicrosoft.com` to everything that is not a GUID. */
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const tenantName = /^[a-z0-9-]+$/i;

/**
 * `config.yml` of smtp2graph 1.1.
 * @throws RangeError for settings that smtp2graph would read without complaint and then misunderstand
 */
export function smtp2graphConfig(settings: Smtp2graphSettings, clientSecret: string): string {
  const { tenant, clientId, allowedFrom, maxMessageBytes } = settings;
  if (!guid.test(tenant) && !tenantName.test(tenant)) {
    throw new RangeError(
      `smtp2graph tenant "${tenant}": give the GUID, or the name before ".onmicrosoft.com" without a dot`,
    );
  }
  if (!Number.isSafeInteger(maxMessageBytes) || maxMessageBytes <= 0) {
    throw new RangeError(
      `smtp2graph maxMessageBytes ${maxMessageBytes}: give a whole number of bytes above 0`,
    );
  }
  return stringify(
    {
      // Required: the listener and the sender in one process.
      mode: 'full',
      send: { appReg: { tenant, id: clientId, secret: clientSecret }, retryLimit, retryInterval },
      receive: {
        port: smtp2graphPort,
        listenAddress: loopback,
        ipWhitelist: [loopback],
        // Present, it also refuses the null sender; present and empty, it refuses everybody.
        ...(allowedFrom.length > 0 && { allowedFrom }),
        // A number with a unit: its own check lets "foom" pass as 100 MB, and refuses a bare number.
        maxSize: `${Math.ceil(maxMessageBytes / 1024)}k`,
      },
    },
    { lineWidth: 0 },
  );
}

/**
 * Names the settings that a `config.yml` was made from: SHA-256 (hex) of the configuration without its secret.
 * It changes with the settings and with what this program makes of them, never with the client secret.
 */
export function smtp2graphSettingsHash(settings: Smtp2graphSettings): string {
  return createHash('sha256').update(smtp2graphConfig(settings, '')).digest('hex');
}

const withSecret = z.object({ send: z.object({ appReg: z.object({ secret: z.string().min(1) }) }) });

/**
 * The client secret in a `config.yml`.
 * @throws RangeError when there is none; the message quotes no value
 */
export function clientSecretOf(config: string): string {
  const parsed = withSecret.safeParse(parse(config));
  if (!parsed.success) throw new RangeError('the present config.yml has no send.appReg.secret');
  return parsed.data.send.appReg.secret;
}
