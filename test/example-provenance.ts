import type { Environment } from '../app/environment.ts';
import { loadEnvironments } from '../app/load-environments.ts';
import { Provenance } from '../app/provenance/provenance.ts';
import { parseSettings } from '../app/setting-problems.ts';
import { example } from './example-settings.ts';
import { ROOT } from './repository.ts';

/** The provenance of the example, with the images and secrets of this repository. */
export async function exampleProvenance(): Promise<{ environment: Environment; provenance: Provenance }> {
  const [loaded] = (await loadEnvironments(ROOT)).environments;
  const result = parseSettings(example);
  if (loaded === undefined || 'problems' in result) throw new Error('the example does not load');
  const environment = { ...loaded, settings: result.settings };
  return { environment, provenance: new Provenance(ROOT, environment, example) };
}
