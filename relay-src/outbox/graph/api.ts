/** Requests to Graph for one mailbox, with a token; a token that is refused is renewed once. */
import { orGivenUp } from '../given-up.ts';
import { HttpFailure, type Body, type HttpClient, type HttpRequest } from '../http.ts';
import { TokenError, type TokenSource } from '../oauth/token.ts';
import type { Attempt } from './outcome.ts';

export interface Call {
  readonly method: HttpRequest['method'];
  /** Below `/users/{mailbox}`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly signal?: AbortSignal;
}

export class GraphApi {
  readonly #base: string;
  readonly #http: HttpClient;
  readonly #tokens: TokenSource;

  constructor(graphUrl: string, http: HttpClient, tokens: TokenSource) {
    this.#base = `${graphUrl}/v1.0/users`;
    this.#http = http;
    this.#tokens = tokens;
  }

  /** Never rejects. A 401 is definite: nothing was done, so the request may be made again with a new token. */
  async call(mailbox: string, call: Call): Promise<Attempt> {
    try {
      const token = await this.#token(call.signal);
      const first = await this.#ask(mailbox, call, token);
      if (first.kind !== 'answer' || first.answer.status !== 401) return first;
      return await this.#ask(mailbox, call, await this.#token(call.signal, token));
    } catch (error) {
      if (error instanceof TokenError) return { kind: 'no-token', message: error.message };
      throw error;
    }
  }

  /** Others may wait for the same token, so the request goes on when one gives up. */
  #token(signal: AbortSignal | undefined, refused?: string): Promise<string> {
    return orGivenUp(this.#tokens.get(refused), signal, () => new TokenError('given up'));
  }

  async #ask(mailbox: string, { path, headers = {}, ...call }: Call, token: string): Promise<Attempt> {
    const url = `${this.#base}/${encodeURIComponent(mailbox)}${path}`;
    return this.request({ ...call, url, headers: { ...headers, authorization: `Bearer ${token}` } });
  }

  /** A request without a token, to a URL that carries its own right. Never rejects. */
  async request(request: HttpRequest): Promise<Attempt> {
    try {
      return { kind: 'answer', answer: await this.#http.request(request) };
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      const { begun, bodyLeft, message } = error;
      return { kind: 'failure', message, begun, bodyLeft };
    }
  }
}
