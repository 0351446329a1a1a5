/**
 * HTTPS requests that know how far they got. Whether a request that failed may have been carried out depends on one
 * thing: had the last byte of its body left?
 */
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { readSecret, type SecretValue } from './secret.ts';

export interface HttpOptions {
  /** PEM file with the authorities to trust instead of the public ones. */
  readonly ca?: string;
  readonly proxy?: SecretValue;
  /** Milliseconds. */
  readonly waits?: Partial<Waits>;
}

export interface Waits {
  readonly connect: number;
  /** For a whole request, body and answer included. */
  readonly request: number;
}

const defaultWaits: Waits = { connect: 10_000, request: 120_000 };

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly signal?: AbortSignal;
}

/** Octets that are made while they are sent, and their number. */
export interface Body {
  readonly length: number;
  pieces(): Iterable<Buffer>;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; the first value of each. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most 64 KiB of it. */
  readonly text: string;
  /** False if the answer came before the last byte of the body had left. */
  readonly bodyLeft: boolean;
}

/** No answer came. */
export class HttpFailure extends Error {
  /** There was a connection, and the request was begun. */
  readonly begun: boolean;
  /** The last byte of the body had left: the request may have been carried out. */
  readonly bodyLeft: boolean;
  constructor(message: string, begun: boolean, bodyLeft: boolean) {
    super(message);
    this.begun = begun;
    this.bodyLeft = bodyLeft;
  }
}

const pieceSize = 65_536;
const maxAnswer = 65_536;
/** Files of a proxy's password and of authorities are looked at this often, in milliseconds. */
const reread = 10_000;

/** A body that is all there. */
export function wholeBody(bytes: Buffer | string): Body {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return {
    length: buffer.length,
    *pieces() {
      for (let at = 0; at < buffer.length; at += pieceSize) yield buffer.subarray(at, at + pieceSize);
    },
  };
}

/** The base64 of these bytes, made piece by piece. */
export function base64Body(bytes: Buffer): Body {
  const step = (pieceSize / 4) * 3;
  return {
    length: Math.ceil(bytes.length / 3) * 4,
    *pieces() {
      for (let at = 0; at < bytes.length; at += step) {
        yield Buffer.from(bytes.toString('base64', at, Math.min(bytes.length, at + step)), 'latin1');
      }
    },
  };
}

export class HttpClient {
  readonly #options: HttpOptions;
  readonly #waits: Waits;
  #current: { readonly key: string; readonly dispatcher: Dispatcher } | undefined;
  #checked = -Infinity;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#waits = { ...defaultWaits, ...options.waits };
  }

  /** Reads the files it needs. Throws if one cannot be read. */
  async prepare(): Promise<void> {
    await this.#dispatcher();
  }

  /** Throws {@link HttpFailure}. Never repeats a request. */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    const { body, headers = {}, method, signal, url } = request;
    const exchange = new Exchange(body, signal, this.#waits.request);
    try {
      const dispatcher = await this.#dispatcher();
      const { origin } = new URL(url);
      const options: Dispatcher.DispatchOptions = {
        origin,
        path: url.slice(origin.length),
        method,
        headers: body === undefined ? headers : { ...headers, 'content-length': String(body.length) },
        body: exchange.readable,
      };
      dispatcher.dispatch(options, exchange);
      return await exchange.answer;
    } catch (error) {
      throw new HttpFailure(causeOf(error), exchange.begun, exchange.bodyLeft);
    } finally {
      exchange.dispose();
    }
  }

  async close(): Promise<void> {
    await this.#current?.dispatcher.destroy();
    this.#current = undefined;
  }

  async #dispatcher(): Promise<Dispatcher> {
    const current = this.#current;
    if (current !== undefined && performance.now() - this.#checked < reread) return current.dispatcher;
    const { ca: caFile, proxy: proxyValue } = this.#options;
    const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
    const proxy = proxyValue === undefined ? undefined : await readSecret(proxyValue);
    this.#checked = performance.now();
    const key = JSON.stringify([ca, proxy]);
    if (this.#current?.key === key) return this.#current.dispatcher;
    const { connect: timeout } = this.#waits;
    // One request a connection at a time, HTTP/1.1: there "the last byte has left" means something.
    const options = { allowH2: false, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 };
    const tls = { ...(ca === undefined ? {} : { ca }), timeout };
    const dispatcher =
      proxy === undefined
        ? new Agent({ ...options, connect: tls })
        : new ProxyAgent({ ...options, uri: proxy, requestTls: tls, proxyTls: tls, connect: { timeout } });
    // Requests under way end on the old one.
    void this.#current?.dispatcher.close();
    this.#current = { key, dispatcher };
    return dispatcher;
  }
}

/** One request and its answer, as undici reports on them. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<HttpAnswer>;
  /** One piece at a time, and only when the socket takes it: the last is not drawn before it can leave. */
  readonly readable: Readable | null;
  begun = false;
  /** The last piece was given away, be it before the request began. */
  #drawn: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #pieces: Buffer[] = [];
  readonly #onAbort = (): void => this.#giveUp(new Error('given up'));
  /** Why it was given up. */
  #reason: Error | undefined;
  #length = 0;
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  #controller: Dispatcher.DispatchController | undefined;
  #resolve: (answer: HttpAnswer) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(body: Body | undefined, signal: AbortSignal | undefined, wait: number) {
    this.#drawn = body === undefined;
    this.#signal = signal;
    this.readable = body === undefined ? null : Readable.from(this.#watched(body), { highWaterMark: 0 });
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.answer.catch(() => undefined); // it may be given up before anybody waits for it
    this.#timer = setTimeout(() => this.#giveUp(new Error(`no answer within ${wait / 1000} s`)), wait);
    signal?.addEventListener('abort', this.#onAbort);
    if (signal?.aborted === true) this.#onAbort();
  }

  /** At the end, whatever it was. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  /** There may be no connection yet that could be given up. */
  #giveUp(reason: Error): void {
    this.#reason ??= reason;
    this.#fail(reason);
    this.#controller?.abort(reason);
  }

  #fail(reason: Error): void {
    // Once the status has been said, what is lost is its explanation.
    if (this.#status >= 200) this.onResponseEnd();
    else this.#reject(reason);
  }

  get bodyLeft(): boolean {
    return this.begun && this.#drawn;
  }

  /** The request line is about to leave. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#reason !== undefined) {
      controller.abort(this.#reason);
      return;
    }
    this.begun = true;
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    this.#headers = firstValues(headers);
  }

  onResponseData(_: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.#length < maxAnswer) this.#pieces.push(Buffer.from(piece));
    this.#length += piece.length;
  }

  onResponseEnd(): void {
    const text = Buffer.concat(this.#pieces).toString('utf8', 0, maxAnswer);
    this.#resolve({ status: this.#status, headers: this.#headers, text, bodyLeft: this.bodyLeft });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  *#watched(body: Body): Generator<Buffer> {
    let sent = 0;
    for (const piece of body.pieces()) {
      sent += piece.length;
      if (sent >= body.length) this.#drawn = true;
      yield piece;
    }
  }
}

function firstValues(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, (Array.isArray(value) ? value[0] : value) ?? '']),
  );
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
