import type { Environment } from '../environment.ts';
import type { Provenance } from './provenance.ts';

/** Environments whose provenance is looked for: of a hundred with one mistake in common, the first tell enough. */
const EXPLAINED = 3;

/** The provenance of environments, each made (and its code loaded) when it is first asked for. */
export class Provenances {
  readonly #root: string;
  readonly #known = new Map<string, Promise<Provenance>>();

  /** @param root folder of the repository */
  constructor(root: string) {
    this.#root = root;
  }

  /** Undefined for an environment beyond the first few that were asked for. */
  async of(environment: Environment): Promise<Provenance | undefined> {
    const known = this.#known.get(environment.name);
    if (known !== undefined || this.#known.size >= EXPLAINED) return known;
    const provenance = provenanceOf(this.#root, environment);
    this.#known.set(environment.name, provenance);
    return provenance;
  }
}

async function provenanceOf(root: string, environment: Environment): Promise<Provenance> {
  const provenance = await import('./provenance.ts');
  return provenance.provenanceOf(root, environment);
}
