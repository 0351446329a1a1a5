import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Docker Hub is kept under the name of an API that is older than the one it has now. */
const configKeys: Record<string, string> = { 'registry-1.docker.io': 'https://index.docker.io/v1/' };

/**
 * What `docker login` (or podman's, with the same file) keeps for a registry: base64 of `user:password`.
 * Credential helpers are programs of their own, and are not asked.
 */
export function credentialsFor(registry: string): string | undefined {
  const folder = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  let text: string;
  try {
    text = readFileSync(join(folder, 'config.json'), 'utf8');
  } catch {
    return undefined;
  }
  const config: unknown = JSON.parse(text);
  const auths = member(config, 'auths');
  const auth = member(member(auths, configKeys[registry] ?? registry), 'auth');
  return typeof auth === 'string' && auth !== '' ? auth : undefined;
}

/** A member of something that may not be an object. */
function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, key)?.value
    : undefined;
}
