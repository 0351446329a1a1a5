import { Agent, request as httpsRequest } from 'node:https';
import { z } from 'zod';

/** What every object of Kubernetes has; the rest is read where it is needed. */
const kubeObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    uid: z.string().optional(),
    resourceVersion: z.string().optional(),
    generation: z.number().optional(),
    creationTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

export type KubeObject = z.infer<typeof kubeObject>;

const discovery = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

const failure = z.object({ message: z.string() });

/** An object by its names. */
export interface Reference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** The API server said no, with its own message. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Answer {
  readonly body: unknown;
  /** Texts of the `Warning` headers: of admission, for instance Pod Security. */
  readonly warnings: readonly string[];
}

export interface ApplyOptions {
  readonly manager: string;
  /** Take over fields that another manager owns. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

/** A client of the Kubernetes API: JSON over HTTPS, every write with strict field validation. */
export class KubeApi {
  readonly server: string;
  readonly #token: string;
  readonly #agent: Agent;
  readonly #resources = new Map<string, { readonly name: string; readonly namespaced: boolean }>();

  /** @param server such as `https://127.0.0.1:17403`; `ca` is in PEM. */
  constructor({ server, ca, token }: { server: string; ca: Buffer | string; token: string }) {
    this.server = server;
    this.#token = token;
    this.#agent = new Agent({ keepAlive: true, ca });
  }

  /** Server-side apply, as Flux and `kubectl apply --server-side` do it. */
  async apply(
    object: KubeObject,
    { manager, force = false, dryRun = false }: ApplyOptions,
  ): Promise<{ object: KubeObject; warnings: readonly string[] }> {
    const query = { fieldManager: manager, force: String(force), ...(dryRun ? { dryRun: 'All' } : {}) };
    const path = await this.#path(referenceTo(object), query);
    const { body, warnings } = await this.#send('PATCH', path, object, 'application/apply-patch+yaml');
    return { object: kubeObject.parse(body), warnings };
  }

  async create(object: KubeObject, { dryRun = false } = {}): Promise<KubeObject> {
    const { namespace } = object.metadata;
    const { apiVersion, kind } = object;
    const path = await this.#path({ apiVersion, kind, name: '', namespace }, dryRun ? { dryRun: 'All' } : {});
    return kubeObject.parse((await this.#send('POST', path, object)).body);
  }

  /** @returns undefined when there is none. */
  async get(reference: Reference): Promise<KubeObject | undefined> {
    try {
      return kubeObject.parse((await this.#send('GET', await this.#path(reference))).body);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** All objects of a kind, in one namespace or in all. */
  async list(apiVersion: string, kind: string, namespace?: string): Promise<KubeObject[]> {
    const { body } = await this.#send('GET', await this.#path({ apiVersion, kind, name: '', namespace }));
    const { items } = z.object({ items: z.array(z.looseObject({})) }).parse(body);
    return items.map((item) => kubeObject.parse({ ...item, apiVersion, kind }));
  }

  /** A JSON merge patch; of the status when said so. */
  async patch(reference: Reference, patch: unknown, subresource?: 'status'): Promise<KubeObject> {
    const path = await this.#path(reference, {}, subresource);
    return kubeObject.parse((await this.#send('PATCH', path, patch, 'application/merge-patch+json')).body);
  }

  /** Deletes, at once unless told otherwise; an object that is not there is no error. */
  async delete(reference: Reference, graceSeconds = 0): Promise<void> {
    try {
      await this.#send('DELETE', await this.#path(reference, { gracePeriodSeconds: String(graceSeconds) }));
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  /** Whether the server is ready to work. */
  async ready(): Promise<true> {
    await this.#send('GET', '/readyz');
    return true;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #path(
    { apiVersion, kind, name, namespace }: Reference,
    query: Readonly<Record<string, string>> = {},
    subresource?: string,
  ): Promise<string> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const resource = await this.#resource(root, kind);
    const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : '';
    const path = [`${root}${scope}/${resource.name}`, name, subresource].filter(Boolean).join('/');
    // Also for reading, where it means nothing.
    return `${path}?${String(new URLSearchParams({ fieldValidation: 'Strict', ...query }))}`;
  }

  async #resource(root: string, kind: string): Promise<{ name: string; namespaced: boolean }> {
    const known = this.#resources.get(`${root} ${kind}`);
    if (known !== undefined) return known;
    const answer = await this.#send('GET', root).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return { body: { resources: [] } };
      throw error;
    });
    const { resources } = discovery.parse(answer.body);
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes('/'));
    if (found === undefined) throw new ApiError(404, `the server knows no kind ${kind} in ${root}`);
    this.#resources.set(`${root} ${kind}`, found);
    return found;
  }

  #send(method: string, path: string, body?: unknown, type = 'application/json'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(`${this.server}${path}`, {
        agent: this.#agent,
        method,
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': type },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const answer = readJson(Buffer.concat(chunks).toString('utf8'));
          const status = response.statusCode ?? 0;
          if (status >= 300) reject(new ApiError(status, failureText(answer)));
          else resolve({ body: answer, warnings: warningTexts(response.headers['warning']) });
        });
      });
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

/** What a document is called by the API. */
export function referenceTo({ apiVersion, kind, metadata }: KubeObject): Reference {
  return { apiVersion, kind, name: metadata.name, namespace: metadata.namespace };
}

/** `Deployment email-relay/email-relay`. */
export function describe({ kind, name, namespace }: Reference): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** @throws when a parsed document is no object of Kubernetes. */
export function asKubeObject(value: unknown): KubeObject {
  return kubeObject.parse(value);
}

/** The value below an object at a path; undefined when there is none. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}

/** The API answers JSON, and plain text on a few paths and for a few errors. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function failureText(answer: unknown): string {
  const known = failure.safeParse(answer);
  return known.success ? known.data.message : String(answer);
}

/** `299 - "text", 299 - "text"` (RFC 9110 in its older form, RFC 7234 5.5). */
function warningTexts(header: string | string[] | undefined): string[] {
  return [...String(header ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replaceAll(/\\(.)/g, '$1'),
  );
}
