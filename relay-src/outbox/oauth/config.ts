/** How an app registration proves itself to Microsoft Entra ID: the keys that both transports share. */
import { z } from 'zod';
import { secretValue } from '../secret.ts';

export const httpsUrl = z
  .string()
  .regex(
    /^https:\/\/[^\s/?#@]+(\/[^\s?#]*[^\s?#/])?$/,
    'expected an https:// URL without a final slash, such as "https://login.microsoftonline.com"',
  );

const tenant = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9.-]*$/,
    'expected the id of the tenant or one of its domains, such as "contoso.onmicrosoft.com"',
  );

/** Keys of an app registration; {@link oneCredential} holds across them. */
export const credentialKeys = {
  tenant: tenant.meta({ description: 'directory (tenant) id, or one of its domains' }),
  clientId: z.string().min(1).meta({ description: 'application (client) id of the app registration' }),
  clientSecret: secretValue.optional().meta({ description: 'client secret of the app registration' }),
  clientSecretExpires: z.iso.date().optional().meta({
    description:
      'day on which the client secret ends, such as `2027-05-31`; no answer of Microsoft tells it, so the alert needs it here',
  }),
  certificate: z
    .strictObject({
      certificate: secretValue.meta({ description: 'the certificate, PEM' }),
      privateKey: secretValue.meta({ description: 'its private key, PEM, RSA, without a passphrase' }),
    })
    .optional()
    .meta({ description: 'certificate of the app registration, instead of a client secret' }),
  loginUrl: httpsUrl.default('https://login.microsoftonline.com').meta({
    description: 'where tokens come from; differs in national clouds',
    reason: "Microsoft's global cloud",
  }),
  ca: z.string().min(1).optional().meta({
    description:
      'PEM file with the authorities to trust instead of the public ones, for a proxy that opens TLS',
  }),
  proxy: z
    .union(
      [
        z.string().refine((text) => /^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : ''), {
          error: 'expected an http:// or https:// URL',
        }),
        z.strictObject({ file: z.string().min(1) }),
      ],
      {
        error:
          'expected the URL of an HTTP proxy, such as "http://user:password@proxy:3128", or { file: PATH }',
      },
    )
    .optional()
    .meta({ description: 'HTTP proxy (CONNECT) on the way out' }),
};

export interface Credentials {
  readonly clientSecret?: unknown;
  readonly clientSecretExpires?: unknown;
  readonly certificate?: unknown;
}

/** An app registration shows one credential. */
export function oneCredential(value: Credentials, context: z.RefinementCtx): void {
  if ((value.clientSecret === undefined) === (value.certificate === undefined)) {
    context.addIssue({
      code: 'custom',
      path: ['clientSecret'],
      message: 'expected exactly one of clientSecret and certificate',
    });
  }
  if (value.clientSecretExpires !== undefined && value.clientSecret === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['clientSecretExpires'],
      message: 'is only for a clientSecret: a certificate says itself when it ends',
    });
  }
}

const appRegistration = z.strictObject(credentialKeys);
export type AppRegistration = z.infer<typeof appRegistration>;
