/**
 * A stand-in for Microsoft Graph and its token endpoint on a real TLS socket, under an authority of its own: no
 * tenant can be had in a test. It speaks the documented requests that outbox sends, checks them, keeps a ledger,
 * and fails as it is told.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { control } from './control.ts';
import { graphError, type Answer } from './errors.ts';
import { Faults, type Fault, type Step } from './faults.ts';
import { readAll, readHalf, write } from './http.ts';
import { Ledger } from './ledger.ts';
import { limits, Mailboxes, type Outcome } from './mailboxes.ts';
import { findRoute, type Route } from './routes.ts';
import { Tokens, type App } from './tokens.ts';

export type { Fault, Step, Weather } from './faults.ts';
export type { LedgerEntry } from './ledger.ts';

const tls = join(import.meta.dirname, '../tls');

/** Certificates for tests: the authority to trust, and the one of the app registration with its key. */
export const certificates = {
  ca: join(tls, 'ca.pem'),
  app: join(tls, 'app.pem'),
  appKey: join(tls, 'app-key.pem'),
} as const;

/** The app registration that is known unless a test says otherwise. */
export const defaultApp: App = {
  tenant: 'contoso.onmicrosoft.com',
  clientId: '11111111-2222-3333-4444-555555555555',
  clientSecret: 'the-client-secret',
  certificate: readFileSync(certificates.app, 'utf8'),
  tokenSeconds: 3599,
};

export interface FakeGraphOptions {
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port?: number;
  readonly app?: Partial<App>;
  /** Files of another certificate than the committed one, e.g. for other names. */
  readonly cert?: string;
  readonly key?: string;
  /** Lines of JSON, one a message. */
  readonly ledgerFile?: string;
  /** Mailboxes that exist; default: every one. */
  readonly mailboxes?: readonly string[];
  /** Requests that a mailbox may have open at one time, and messages in a minute; default: no limit. */
  readonly maxConcurrent?: number;
  readonly maxPerMinute?: number;
  /** Milliseconds that every send takes. */
  readonly latency?: number;
}

export class FakeGraph {
  /** False: the administrator took the consent back. */
  consent = true;
  readonly ledger: Ledger;
  readonly faults = new Faults();
  readonly tokens: Tokens;
  readonly mailboxes = new Mailboxes();
  /** Requests so far, by kind. */
  readonly requests = new Map<Step, number>();
  /** Faults of its own: none may be left at the end of a test. */
  readonly failures: unknown[] = [];
  /** Authority that signed its certificate. */
  readonly caFile = certificates.ca;
  readonly #options: FakeGraphOptions;
  readonly #server;
  readonly #sockets = new Set<Socket>();
  readonly #open = new Map<string, number>();
  readonly #sends = new Map<string, number[]>();

  constructor(options: FakeGraphOptions) {
    this.#options = options;
    this.ledger = new Ledger(options.ledgerFile);
    this.tokens = new Tokens({ ...defaultApp, ...options.app });
    this.#server = createServer(
      {
        cert: readFileSync(options.cert ?? join(tls, 'server.pem')),
        key: readFileSync(options.key ?? join(tls, 'server-key.pem')),
        keepAliveTimeout: 30_000,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async start(): Promise<void> {
    this.#server.listen(this.#options.port ?? 0, this.#options.host ?? '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Both `loginUrl` and `graphUrl`. */
  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? '/', 'https://fake');
      if (url.pathname.startsWith('/fake/')) {
        write(response, control(this, request.method ?? '', url.pathname, await readAll(request)));
        return;
      }
      const route = findRoute(request.method ?? '', url.pathname);
      if (route === undefined) {
        write(response, graphError('BadRequest', 404));
        return;
      }
      await this.#weathered(route, url, request, response);
    } catch (error) {
      // The client went away, or what it sent broke us: in both cases it gets no answer.
      if (!(error instanceof Error && /aborted|ECONNRESET/.test(error.message))) this.failures.push(error);
      response.destroy();
    }
  }

  async #weathered(
    route: Route,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { mailbox, step } = route;
    this.requests.set(step, (this.requests.get(step) ?? 0) + 1);
    const fault = this.faults.next(step, mailbox);
    if (fault.drop === 'before') {
      response.destroy();
      return;
    }
    if (fault.drop === 'inside') {
      await readHalf(request);
      response.destroy();
      return;
    }
    const open = (this.#open.get(mailbox) ?? 0) + 1;
    this.#open.set(mailbox, open);
    try {
      const body = await readAll(request);
      const wait = (fault.delay ?? 0) + (step.startsWith('send') ? (this.#options.latency ?? 0) : 0);
      if (wait > 0) await sleep(wait);
      const spared = fault.accept === true || (fault.drop === undefined && fault.status === undefined);
      const outcome: Outcome = spared
        ? await this.#perform(route, url, request, body, open)
        : { answer: faultAnswer(fault) };
      this.#tell(fault, outcome, request, response);
    } finally {
      this.#open.set(mailbox, (this.#open.get(mailbox) ?? 1) - 1);
    }
  }

  /** Writes the answer, or what the fault makes of it, and the ledger before that. */
  #tell(fault: Fault, outcome: Outcome, request: IncomingMessage, response: ServerResponse): void {
    const isTaken = outcome.answer.status < 300;
    const answer = isTaken && fault.status !== undefined ? faultAnswer(fault) : outcome.answer;
    const dropped = fault.drop === 'after';
    if (outcome.entry !== undefined) {
      outcome.entry.told = dropped ? 'dropped' : String(answer.status);
      this.ledger.add(outcome.entry);
    }
    if (dropped) response.destroy();
    else write(response, answer, request.headers['client-request-id']);
  }

  async #perform(
    route: Route,
    url: URL,
    request: IncomingMessage,
    body: Buffer,
    open: number,
  ): Promise<Outcome> {
    const { id, mailbox, step } = route;
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    if (step === 'token') {
      const base = `https://${request.headers.host ?? ''}`;
      if (request.method === 'GET') return { answer: this.tokens.metadata(base) };
      return { answer: this.tokens.issue(`${base}${url.pathname}`, new URLSearchParams(body.toString())) };
    }
    if (step === 'upload') return this.mailboxes.upload(id, request.headers['content-range'] ?? '', body);
    if (!this.tokens.accepts(request.headers.authorization)) {
      const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
      return { answer: graphError('InvalidAuthenticationToken', 401, headers) };
    }
    if (!this.consent) return { answer: graphError('ErrorAccessDenied') };
    if (this.#options.mailboxes?.includes(mailbox) === false)
      return { answer: graphError('ErrorInvalidUser') };
    const throttled = this.#throttled(step, mailbox, open);
    if (throttled !== undefined) return { answer: throttled };
    if (body.length > limits.request) return { answer: graphError('ErrorMessageSizeExceeded') };
    const immutable = /IdType="ImmutableId"/i.test(String(request.headers['prefer'] ?? ''));
    const actions: Record<Exclude<Step, 'token' | 'upload'>, () => Outcome | Promise<Outcome>> = {
      sendMail: () =>
        type === 'text/plain'
          ? this.mailboxes.sendMime(mailbox, body)
          : { answer: graphError('UnableToDeserializePostBody') },
      createDraft: () => this.mailboxes.createDraft(mailbox, type, body, immutable),
      listDrafts: () => this.mailboxes.listDrafts(mailbox, url.searchParams.get('$filter')),
      getDraft: () => this.mailboxes.getMessage(mailbox, id),
      sendDraft: () => this.mailboxes.sendDraft(mailbox, id),
      deleteDraft: () => this.mailboxes.deleteMessage(mailbox, id),
      attach: () => this.mailboxes.attach(mailbox, id, body),
      createUpload: () =>
        this.mailboxes.createUpload(mailbox, id, body, `https://${request.headers.host ?? ''}`),
    };
    return actions[step]();
  }

  #throttled(step: Step, mailbox: string, open: number): Answer | undefined {
    const { maxConcurrent, maxPerMinute } = this.#options;
    if (open > (maxConcurrent ?? Infinity)) {
      return graphError('ApplicationThrottled', 429, { 'retry-after': '1' });
    }
    if (maxPerMinute === undefined || !step.startsWith('send')) return undefined;
    const since = Date.now() - 60_000;
    const sends = (this.#sends.get(mailbox) ?? []).filter((time) => time > since);
    this.#sends.set(mailbox, sends);
    if (sends.length < maxPerMinute) {
      sends.push(Date.now());
      return undefined;
    }
    const wait = Math.ceil(((sends[0] ?? since) - since) / 1000);
    return graphError('ApplicationThrottled', 429, { 'retry-after': String(Math.max(1, wait)) });
  }
}

/** Starts one; the promise resolves when it listens. */
export async function startFakeGraph(options: FakeGraphOptions = {}): Promise<FakeGraph> {
  const graph = new FakeGraph(options);
  await graph.start();
  return graph;
}

function faultAnswer({ code, retryAfter, status }: Fault): Answer {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  const number = status ?? 500;
  return number < 300 ? { status: number, headers } : graphError(code ?? 'UnknownError', number, headers);
}
