/**
 * Access tokens by client credentials, got through MSAL. One is kept until shortly before it ends; all who need a
 * new one at a time wait for the same request.
 */
import { createHash, X509Certificate } from 'node:crypto';
import {
  AuthError,
  ConfidentialClientApplication,
  type INetworkModule,
  type NetworkRequestOptions,
  type NetworkResponse,
} from '@azure/msal-node';
import { wholeBody, type HttpClient } from '../http.ts';
import { readSecret } from '../secret.ts';
import type { AppRegistration } from './config.ts';

/** No token can be had; the message says why, in one line, without a secret. */
export class TokenError extends Error {}

/** A token is not used in its last minutes: a request may take that long. */
const margin = 5 * 60_000;

interface Token {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export class TokenSource {
  readonly #app: AppRegistration;
  readonly #scope: string;
  readonly #network: INetworkModule;
  #token: Token | undefined;
  #pending: Promise<Token> | undefined;
  #credentialExpiry: number | undefined;

  constructor(app: AppRegistration, scope: string, http: HttpClient) {
    this.#app = app;
    this.#scope = scope;
    this.#network = networkOver(http);
    if (app.clientSecretExpires !== undefined) this.#credentialExpiry = Date.parse(app.clientSecretExpires);
  }

  /** Reads the credential. Throws if it cannot be read or used. */
  async prepare(): Promise<void> {
    await this.#credential();
  }

  /**
   * A token; a new one if the last one was `refused`, once for all who were refused with it. Throws
   * {@link TokenError}.
   */
  async get(refused?: string): Promise<string> {
    const known = this.#token;
    if (known !== undefined && known.text !== refused && known.expires - margin > Date.now())
      return known.text;
    this.#pending ??= this.#acquire().finally(() => (this.#pending = undefined));
    return (await this.#pending).text;
  }

  /** When the token in use and the credential end, in milliseconds since 1970, where that is known. */
  expiry(): { readonly token?: number; readonly credential?: number } {
    return {
      ...(this.#token === undefined ? {} : { token: this.#token.expires }),
      ...(this.#credentialExpiry === undefined ? {} : { credential: this.#credentialExpiry }),
    };
  }

  async #acquire(): Promise<Token> {
    const { clientId, loginUrl, tenant } = this.#app;
    try {
      // Made anew each time, so that a changed secret counts. MSAL's own cache is empty then.
      const client = new ConfidentialClientApplication({
        auth: {
          clientId,
          authority: `${loginUrl}/${tenant}`,
          // Else MSAL asks Microsoft's global cloud whether it knows this host.
          knownAuthorities: [new URL(loginUrl).host],
          ...(await this.#credential()),
        },
        system: { networkClient: this.#network, disableInternalRetries: true },
      });
      const result = await client.acquireTokenByClientCredential({ scopes: [this.#scope] });
      if (result === null) throw new TokenError('the token endpoint answered without a token');
      const expires = result.expiresOn?.getTime() ?? Date.now() + 10 * 60_000;
      this.#token = { text: result.accessToken, expires };
      return this.#token;
    } catch (error) {
      if (error instanceof AuthError) throw new TokenError(`${error.errorCode}: ${error.errorMessage}`);
      throw new TokenError(error instanceof Error ? error.message : String(error));
    }
  }

  async #credential(): Promise<object> {
    const { certificate, clientSecret } = this.#app;
    if (certificate === undefined) return { clientSecret: await readSecret(clientSecret ?? '') };
    const pem = await readSecret(certificate.certificate);
    const parsed = new X509Certificate(pem);
    this.#credentialExpiry = Date.parse(parsed.validTo);
    return {
      clientCertificate: {
        thumbprintSha256: createHash('sha256').update(parsed.raw).digest('hex'),
        privateKey: await readSecret(certificate.privateKey),
        x5c: pem,
      },
    };
  }
}

/** MSAL's requests, on our way out: our authorities, our proxy, our time-outs. */
function networkOver(http: HttpClient): INetworkModule {
  const ask = async <T>(
    method: 'GET' | 'POST',
    url: string,
    { body, headers = {} }: NetworkRequestOptions = {},
  ): Promise<NetworkResponse<T>> => {
    const answer = await http.request({
      method,
      url,
      headers,
      ...(body === undefined ? {} : { body: wholeBody(body) }),
    });
    return { status: answer.status, headers: { ...answer.headers }, body: JSON.parse(answer.text) };
  };
  return {
    sendGetRequestAsync: (url, options) => ask('GET', url, options),
    sendPostRequestAsync: (url, options) => ask('POST', url, options),
  };
}
