import { credentialsFor } from './credentials.ts';
import type { ImageReference } from './image-reference.ts';

/** The registry has no such image, or does not show it to us. */
export class ImageError extends Error {}

/** The registry cannot be asked: no network, no answer, an answer that is not its API's. */
export class RegistryError extends Error {}

const timeoutMilliseconds = 15_000;

/** An index first, so that the digest names the image for every platform and not for one. */
const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/**
 * The digest that a tag stands for now (OCI Distribution Specification, "Pulling manifests").
 *
 * @throws {ImageError} when the image does not exist or may not be read.
 * @throws {RegistryError} when the registry cannot be asked.
 */
export async function resolveDigest(image: ImageReference): Promise<string> {
  const url = `${scheme(image.registry)}://${image.registry}/v2/${image.repository}/manifests/${image.tag}`;
  let response = await head(url, undefined);
  const challenge = response.headers.get('www-authenticate');
  if (response.status === 401 && challenge !== null) {
    response = await head(url, await authorization(challenge, credentialsFor(image.registry)));
  }
  if (response.status === 401 || response.status === 403) {
    throw new ImageError(`${image.tagged} may not be read; for a private image do \`docker login\` first`);
  }
  if (response.status === 404) throw new ImageError(`${image.tagged} does not exist on ${image.registry}`);
  const digest = response.headers.get('docker-content-digest');
  if (!response.ok || digest === null || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new RegistryError(`${url} answers ${response.status} without a sha256 digest`);
  }
  return digest;
}

/** Plain HTTP on this machine only, as container engines do it. */
function scheme(registry: string): 'http' | 'https' {
  return /^(localhost|127\.\d+\.\d+\.\d+)(:\d+)?$/.test(registry) ? 'http' : 'https';
}

function head(url: string, authorizationHeader: string | undefined): Promise<Response> {
  return request(url, 'HEAD', { accept: manifestTypes, authorization: authorizationHeader });
}

/** What to send after a 401: a token from the server that the challenge names, or the credentials. */
async function authorization(
  challenge: string,
  credentials: string | undefined,
): Promise<string | undefined> {
  const basic = credentials === undefined ? undefined : `Basic ${credentials}`;
  const parameters = /^Bearer\s+(?<list>.*)$/i.exec(challenge)?.groups?.['list'];
  if (parameters === undefined) return basic;

  const values = new Map(
    [...parameters.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
  );
  const url = new URL(values.get('realm') ?? '');
  for (const key of ['service', 'scope']) {
    const value = values.get(key);
    if (value !== undefined) url.searchParams.set(key, value);
  }
  const response = await request(url.href, 'GET', { authorization: basic });
  const body: unknown = response.ok ? await response.json() : undefined;
  return tokenOf(body);
}

/** Both names are in use for the same thing. */
function tokenOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const token = 'token' in body ? body.token : 'access_token' in body ? body.access_token : undefined;
  return typeof token === 'string' ? `Bearer ${token}` : undefined;
}

async function request(
  url: string,
  method: string,
  headers: Record<string, string | undefined>,
): Promise<Response> {
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    return await fetch(url, { method, headers: given, signal: AbortSignal.timeout(timeoutMilliseconds) });
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = reason instanceof Error ? reason.message : String(reason);
    throw new RegistryError(`${new URL(url).host} is not reachable: ${why}`);
  }
}
