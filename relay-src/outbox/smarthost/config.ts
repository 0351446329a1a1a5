/** Keys of `transport` with `kind: smarthost`. */
import { z } from 'zod';
import { isIP } from 'node:net';
import { toALabels } from '../../smtp/address.ts';
import { credentialKeys, oneCredential } from '../oauth/config.ts';
import { secretValue } from '../secret.ts';

const host = z
  .string()
  .refine(
    (text) => isIP(text) !== 0 || toALabels(text) !== undefined,
    'expected a host name or an IP address',
  );

export const smarthostSchema = z
  .strictObject({
    kind: z.literal('smarthost').meta({ description: 'SMTP submission to a provider' }),
    host: host.meta({ description: 'name of the server, which its certificate must carry' }),
    port: z.int().min(1).max(65_535).optional().meta({
      description: 'port of the server',
      reason: '587, and 465 with `tls: implicit` (RFC 8314 3.3)',
    }),
    tls: z.enum(['starttls', 'implicit', 'none']).default('starttls').meta({
      description:
        '`starttls` is required, not tried; the certificate is verified; `none` is for a server beside us',
      reason: 'passwords and mail do not travel in clear',
    }),
    ca: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'PEM file with the authorities to trust instead of the public ones' }),
    user: z.string().min(1).optional().meta({ description: 'user name' }),
    password: secretValue.optional().meta({ description: 'password, for AUTH PLAIN or LOGIN' }),
    oauth: z
      .strictObject({
        ...credentialKeys,
        scope: z.string().min(1).default('https://outlook.office365.com/.default').meta({
          description: 'scope of the token',
          reason: 'Exchange Online',
        }),
      })
      .superRefine(oneCredential)
      .optional()
      .meta({
        description:
          'app registration for AUTH XOAUTH2 with client credentials; `user` is the mailbox that sends',
      }),
    maxConnections: z.int().min(1).max(100).default(4).meta({
      description: 'connections at one time',
      reason: 'providers commonly allow few; Exchange Online three to four',
    }),
  })
  .superRefine((value, context) => {
    const logins = [value.password, value.oauth].filter((one) => one !== undefined).length;
    const problem = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (logins > 1) problem('password', 'expected password or oauth, not both');
    if (value.user !== undefined && logins === 0) problem('user', 'needs a password or oauth');
    if (value.user === undefined && logins > 0) problem('user', 'is needed to log in');
    if (value.tls === 'none' && logins > 0) problem('tls', 'a login needs TLS: starttls or implicit');
  });

export type SmarthostConfig = z.infer<typeof smarthostSchema>;
