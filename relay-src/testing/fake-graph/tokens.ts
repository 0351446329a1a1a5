/** The token endpoint: client credentials with a secret or a signed assertion (RFC 6749 4.4, RFC 7523). */
import { constants, createHash, randomBytes, verify, X509Certificate } from 'node:crypto';
import { tokenError, type Answer } from './errors.ts';

export interface App {
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** PEM of the certificate that the app registration knows. */
  readonly certificate: string;
  /** Seconds that a token lasts. */
  readonly tokenSeconds: number;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export class Tokens {
  /** Set to let the credential end: every further request for a token is refused as Entra ID does it. */
  credentialExpired = false;
  readonly #app: App;
  readonly #valid = new Map<string, number>();

  constructor(app: App) {
    this.#app = app;
  }

  /** From now on, every token issued so far is refused. */
  expire(): void {
    this.#valid.clear();
  }

  /** Whether an Authorization header holds a token of ours that still lasts. */
  accepts(authorization: string | undefined): boolean {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '';
    return (this.#valid.get(token) ?? 0) > Date.now();
  }

  metadata(base: string): Answer {
    const { tenant } = this.#app;
    return {
      status: 200,
      json: {
        issuer: `${base}/${tenant}/v2.0`,
        authorization_endpoint: `${base}/${tenant}/oauth2/v2.0/authorize`,
        token_endpoint: `${base}/${tenant}/oauth2/v2.0/token`,
        jwks_uri: `${base}/${tenant}/discovery/v2.0/keys`,
      },
    };
  }

  issue(endpoint: string, form: URLSearchParams): Answer {
    if (form.get('grant_type') !== 'client_credentials') {
      return tokenError('unsupported_grant_type', 70_003, 'The app requested an unsupported grant type.');
    }
    if (form.get('client_id') !== this.#app.clientId) {
      return tokenError('unauthorized_client', 700_016, 'Application was not found in the directory.');
    }
    if (!(form.get('scope') ?? '').split(' ').some((one) => one.endsWith('/.default'))) {
      return tokenError('invalid_scope', 70_011, 'The provided value for scope is not valid.');
    }
    const problem = this.#credentialProblem(endpoint, form);
    if (problem !== undefined) return problem;
    const token = `fake.${randomBytes(24).toString('base64url')}`;
    this.#valid.set(token, Date.now() + this.#app.tokenSeconds * 1000);
    return {
      status: 200,
      json: { token_type: 'Bearer', expires_in: this.#app.tokenSeconds, access_token: token },
    };
  }

  #credentialProblem(endpoint: string, form: URLSearchParams): Answer | undefined {
    if (this.credentialExpired) {
      return tokenError('invalid_client', 7_000_222, 'The provided client secret keys are expired.');
    }
    const secret = form.get('client_secret');
    if (secret !== null) {
      return secret === this.#app.clientSecret
        ? undefined
        : tokenError('invalid_client', 7_000_215, 'Invalid client secret provided.');
    }
    if (form.get('client_assertion_type') !== assertionType) {
      return tokenError('invalid_client', 7_000_218, 'client_assertion or client_secret is required.');
    }
    const wrong = this.#assertionProblem(endpoint, form.get('client_assertion') ?? '');
    return wrong === undefined ? undefined : tokenError('invalid_client', 700_027, wrong);
  }

  #assertionProblem(endpoint: string, assertion: string): string | undefined {
    const [head = '', claims = '', signature = ''] = assertion.split('.');
    const header = json(head);
    const body = json(claims);
    const certificate = new X509Certificate(this.#app.certificate);
    const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url');
    if (header['x5t#S256'] !== thumbprint) return 'The certificate is not one of the application.';
    const key = certificate.publicKey;
    const signed = Buffer.from(`${head}.${claims}`);
    const padding =
      header['alg'] === 'PS256'
        ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
        : { padding: constants.RSA_PKCS1_PADDING };
    if (!verify('sha256', signed, { key, ...padding }, Buffer.from(signature, 'base64url'))) {
      return 'The signature of the assertion is not valid.';
    }
    const { clientId } = this.#app;
    if (body['iss'] !== clientId || body['sub'] !== clientId) return 'Issuer or subject is not the client.';
    if (body['aud'] !== endpoint) return 'The audience is not this endpoint.';
    if (!(Number(body['exp']) > Date.now() / 1000)) return 'The assertion has expired.';
    return undefined;
  }
}

function json(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
