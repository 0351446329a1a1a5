import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { credentialKeys } from '../../relay-src/outbox/contract.ts';
import type { OutboxDelivery } from '../delivery-settings.ts';

/** How outbox sends, which says what it logs in with. */
export type OutboxTransport = OutboxDelivery['transport'];

/** What a login needs, each with the keys of the Secret `outbox-credentials` that hold it. */
const KEYS = {
  'client-secret': [credentialKeys.clientSecret],
  certificate: [credentialKeys.certificate, credentialKeys.privateKey],
  password: [credentialKeys.password],
  none: [],
} as const satisfies Record<string, readonly string[]>;

export type Credential = keyof typeof KEYS;

/** What this transport logs in with. */
export function credentialOf(transport: OutboxTransport): Credential {
  if (transport.kind === 'graph') {
    return transport.credential === 'certificate' ? 'certificate' : 'client-secret';
  }
  if (transport.login === undefined) return 'none';
  if (transport.login.kind === 'password') return 'password';
  return transport.login.credential === 'certificate' ? 'certificate' : 'client-secret';
}

/** Keys of the Secret; none where nobody logs in. */
export function credentialKeysOf(transport: OutboxTransport): readonly string[] {
  return KEYS[credentialOf(transport)];
}

/** Names whose credential it is: SHA-256 (hex) of the account. Another account needs another credential. */
export function credentialOwnerHash(transport: OutboxTransport): string {
  const owner =
    transport.kind === 'graph'
      ? [transport.loginUrl, transport.tenant, transport.clientId]
      : transport.login?.kind === 'xoauth2'
        ? [transport.login.loginUrl, transport.login.tenant, transport.login.clientId]
        : [transport.host, transport.login?.user];
  return createHash('sha256').update(JSON.stringify(owner)).digest('hex');
}

/** For people: what the credential is. */
export function credentialPurpose(transport: OutboxTransport): string {
  const what = {
    'client-secret': 'the client secret of the app registration',
    certificate: 'the certificate of the app registration and its private key',
    password: 'the password',
    none: 'nothing',
  }[credentialOf(transport)];
  return transport.kind === 'graph'
    ? `sends through Microsoft Graph: ${what}`
    : `sends through ${transport.host}: ${what}`;
}

/**
 * The values of a certificate and its private key, both PEM.
 * @throws RangeError when Microsoft Entra would refuse them; the message quotes no value
 */
export function certificateValues(certificate: string, privateKey: string): Record<string, string> {
  let x509: X509Certificate;
  let key;
  try {
    x509 = new X509Certificate(certificate);
  } catch {
    throw new RangeError('the certificate is not PEM: it begins with -----BEGIN CERTIFICATE-----');
  }
  try {
    key = createPrivateKey(privateKey);
  } catch {
    throw new RangeError('the private key is not PEM without a passphrase');
  }
  if (key.asymmetricKeyType !== 'rsa') throw new RangeError('the private key is not RSA, which Entra wants');
  if (!x509.checkPrivateKey(key)) throw new RangeError('the private key is not that of the certificate');
  if (x509.validToDate.getTime() < Date.now())
    throw new RangeError(`the certificate ended on ${x509.validTo}`);
  return { [credentialKeys.certificate]: certificate, [credentialKeys.privateKey]: privateKey };
}
