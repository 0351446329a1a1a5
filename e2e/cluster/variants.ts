import { stringify } from 'yaml';

import { secretsEnvironment } from '../../app/environment.ts';
import type { Environment } from '../../app/environment.ts';
import { loadEnvironments } from '../../app/load-environments.ts';
import { renderEnvironment } from '../../app/render-environment.ts';
import { neededSecrets } from '../../app/secrets/catalog.ts';
import type { NeededSecret } from '../../app/secrets/catalog.ts';
import type { Settings } from '../../app/settings.ts';
import { renderFile } from '../../render/render-tree.ts';
import { parseObjects } from './tree.ts';
import type { Placed } from './tree.ts';

/** Named by an environment only while it delivers by it. */
const publishedSmtp2graph = 'smtp2graph/smtp2graph:v1.1.4';

/** The first environment of the repository: the one whose `dist/` runs here. */
export async function firstEnvironment(root: string): Promise<Environment> {
  const [environment] = (await loadEnvironments(root)).environments;
  if (environment === undefined) throw new Error('the repository has no environment');
  return environment;
}

/** The objects of an environment with other settings; all its secrets are placeholders. */
export function variant(environment: Environment, changes: Partial<Settings>): Placed[] {
  const settings = { ...environment.settings, ...changes };
  const images = { smtp2graph: publishedSmtp2graph, ...environment.images };
  const needed = neededSecrets(secretsEnvironment(environment.name, settings));
  const secrets = new Map(
    needed.map((secret) => [secret.name, { source: 'a placeholder', bytes: placeholder(secret) }]),
  );
  return renderEnvironment({ ...environment, settings, images, secrets })
    .filter(({ path }) => !path.endsWith('kustomization.yaml'))
    .flatMap((file) => {
      const text = Buffer.from(renderFile(file).bytes).toString('utf8');
      return parseObjects(text).map((object) => ({ file: file.path, object }));
    });
}

function placeholder({ name, namespace, type, keys }: NeededSecret): Buffer {
  const stringData = Object.fromEntries(keys.map((key) => [key, '{"auths":{}}']));
  return Buffer.from(
    stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type, stringData }),
  );
}
