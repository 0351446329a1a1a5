/** Compares the fresh render with a git revision, or two environments with each other. */
import { filesAtRevision } from '../../render/git-tree.ts';
import { renderFile } from '../../render/render-tree.ts';
import type { Environment } from '../environment.ts';
import { loadEnvironments } from '../load-environments.ts';
import { renderEnvironment } from '../render-environment.ts';
import { withoutSecretValues } from '../secret-values.ts';
import { authorsIn } from './authors.ts';
import { changedForms, changesBetween, type ObjectChange, sideOf } from './change.ts';
import type { Consequence, Context } from './consequence.ts';
import { consequencesOf } from './consequences/all.ts';

/** What differs in one environment. */
export interface EnvironmentDiff {
  readonly environment: string;
  readonly changes: readonly ObjectChange[];
  /** Files of which only comments, order or spelling differ. */
  readonly forms: readonly string[];
  /** The weightiest first. */
  readonly consequences: readonly Consequence[];
}

export interface Diff {
  /** What is compared, in words. */
  readonly before: string;
  readonly after: string;
  /** Only those in which something differs. */
  readonly environments: readonly EnvironmentDiff[];
}

type Texts = ReadonlyMap<string, string>;

/**
 * What the sources render now, against `dist/` at a revision.
 *
 * @param environment only this one
 * @throws InputError when something cannot be rendered; Error when git does not know the revision
 */
export async function diffAgainst(root: string, revision: string, environment?: string): Promise<Diff> {
  const { environments } = await loadEnvironments(root);
  const before = byEnvironment(filesAtRevision(root, revision, 'dist'));
  const after = new Map(environments.map((one) => [one.name, textsOf(one)]));
  const authorOf = authorsIn(root);
  const names = [...new Set([...after.keys(), ...before.keys()])];
  if (environment !== undefined && !names.includes(environment)) throw unknownEnvironment(environment, names);
  return {
    before: revision,
    after: 'the sources',
    environments: names
      .filter((name) => environment === undefined || name === environment)
      .flatMap((name) => {
        const [old, now] = [
          before.get(name) ?? new Map<string, string>(),
          after.get(name) ?? new Map<string, string>(),
        ];
        return compare(name, old, now, authorOf, true);
      }),
  };
}

/** What the second environment has otherwise than the first, apart from its name and its cluster's. */
export async function diffEnvironments(root: string, first: string, second: string): Promise<Diff> {
  const { environments } = await loadEnvironments(root);
  const named = (name: string): Environment => {
    const environment = environments.find((one) => one.name === name);
    if (environment !== undefined) return environment;
    throw unknownEnvironment(
      name,
      environments.map((one) => one.name),
    );
  };
  const [a, b] = [named(first), named(second)];
  return {
    before: `environment ${first}`,
    after: `environment ${second}`,
    environments: compare(second, namedAs(a, b), textsOf(b), authorsIn(root), false),
  };
}

function unknownEnvironment(name: string, known: readonly string[]): Error {
  return new Error(`no environment "${name}"; there are ${known.join(', ')}`);
}

const WEIGHTS = ['danger', 'caution', 'note'] as const;

function compare(
  environment: string,
  old: Texts,
  now: Texts,
  authorOf: Context['authorOf'],
  transition: boolean,
): EnvironmentDiff[] {
  if (old.size === now.size && [...now].every(([path, text]) => old.get(path) === text)) return [];
  const [before, after] = [sideOf(old), sideOf(now)];
  const changes = changesBetween(before, after);
  const forms = changedForms(before, after, changes);
  const context = { environment, before, after, changes, forms, authorOf };
  const consequences = consequencesOf(context, transition).toSorted(
    (a, b) => WEIGHTS.indexOf(a.weight) - WEIGHTS.indexOf(b.weight),
  );
  return [
    {
      environment,
      changes: changes.map((change) => ({
        ...change,
        fields: withoutSecretValues(change.key, change.fields),
      })),
      forms,
      consequences,
    },
  ];
}

function textsOf(environment: Environment): Map<string, string> {
  return new Map(
    renderEnvironment(environment)
      .map(renderFile)
      .map(({ path, bytes }) => [path, Buffer.from(bytes).toString('utf8')]),
  );
}

/** The files of an environment as if it had the name and the cluster of another. */
function namedAs(environment: Environment, other: Environment): Map<string, string> {
  const rename = (text: string): string =>
    text
      .replaceAll(
        `clusters/${environment.settings.cluster.name}/`,
        `clusters/${other.settings.cluster.name}/`,
      )
      .replaceAll(
        new RegExp(`(k8s/|email-relay/|email-relay-|app/environments/)${environment.name}\\b`, 'g'),
        `$1${other.name}`,
      )
      .replaceAll(`-${environment.name}-policy`, `-${other.name}-policy`)
      .replaceAll(`^${environment.name}-(?P<date>`, `^${other.name}-(?P<date>`);
  return new Map([...textsOf(environment)].map(([path, text]) => [rename(path), rename(text)]));
}

/** Files of `dist/` by their environment: `k8s/<name>/`, and the cluster whose Kustomization applies that. */
function byEnvironment(files: Texts): Map<string, Map<string, string>> {
  const clusters = new Map<string, string>();
  for (const [path, text] of files) {
    const cluster = /^clusters\/([^/]+)\//.exec(path)?.[1];
    const environment = /^ {2}path: \.\/dist\/k8s\/([^/\s]+)/m.exec(text)?.[1];
    if (cluster !== undefined && environment !== undefined) clusters.set(cluster, environment);
  }
  const environments = new Map<string, Map<string, string>>();
  for (const [path, text] of files) {
    const [top, second = ''] = path.split('/');
    const name = top === 'k8s' ? second : top === 'clusters' ? clusters.get(second) : undefined;
    if (name === undefined) continue;
    const texts = environments.get(name) ?? new Map<string, string>();
    environments.set(name, texts.set(path, text));
  }
  return environments;
}
