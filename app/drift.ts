/** `dist/` is what the sources render: what is not is named, with the place to edit instead. */
import { join } from 'node:path';
import { isManifest, objectName } from '../checks/field.ts';
import type { Finding } from '../checks/rule.ts';
import { type Drift, driftOf, type ObjectDrift } from '../render/drift.ts';
import type { FieldChange } from '../render/fields.ts';
import type { TreeObject } from '../render/objects.ts';
import type { RenderedFile } from '../render/tree.ts';
import type { Environment } from './environment.ts';
import { type Place, placeText } from './provenance/place.ts';
import type { Input, Origin } from './provenance/provenance.ts';
import { withoutSecretValues } from './secret-values.ts';
import { Provenances } from './provenance/provenances.ts';
import { renderEnvironment } from './render-environment.ts';

const SYNTH = '`npm run synth`';

/**
 * Findings of the rule `drift`, all of them errors: hand edits and forgotten renders, left-over and foreign files.
 * Flux's own commits are none, since they change the sources too.
 *
 * @param root folder of the repository
 * @param files what the sources render, as `render` gives it
 */
export async function findDrift(
  root: string,
  files: readonly RenderedFile[],
  environments: readonly Environment[],
): Promise<Finding[]> {
  const drift = driftOf(join(root, 'dist'), files);
  const origins = new Origins(root, environments);
  const findings: Finding[] = [];
  for (const file of drift) findings.push(...(await findingsOf(file, origins)));
  return findings;
}

async function findingsOf(file: Drift, origins: Origins): Promise<Finding[]> {
  if (file.kind === 'objects') {
    const found: Finding[] = [];
    for (const change of file.changes) found.push(...(await objectFindings(file, change, origins)));
    return found;
  }
  return [finding(file.path, 'file', [], MESSAGES[file.kind](file), REMEDIES[file.kind])];
}

const MESSAGES = {
  missing: () => 'is rendered, and not there',
  'left-over': () => 'is rendered no longer',
  foreign: () => 'was not written by synth',
  form: (file: Drift) =>
    `differs from what is rendered in comments, order or spelling only${file.kind === 'form' ? `, first in line ${file.line}` : ''}`,
} as const;

const REMEDIES = {
  missing: `Run ${SYNTH} and commit the file.`,
  'left-over': `Run ${SYNTH}, which removes it, and commit that.`,
  foreign: 'Move it out of dist/, or render it: a construct, and a line in a chart of app/charts/.',
  form: `Run ${SYNTH}; a comment for readers belongs into the construct.`,
} as const;

async function objectFindings(
  { path, source }: Drift,
  { rendered, found, fields }: ObjectDrift,
  origins: Origins,
): Promise<Finding[]> {
  if (rendered === undefined || found === undefined) {
    const object = rendered ?? found;
    const message = rendered === undefined ? 'was added by hand' : 'is rendered, and was taken out by hand';
    const { construct, inputs } = (await origins.of(path, object?.key ?? '', '')) ?? {
      construct: { file: source },
      inputs: [],
    };
    return [finding(path, nameOf(object), [], message, remedy(construct, inputs))];
  }
  const findings: Finding[] = [];
  for (const change of withoutSecretValues(rendered.key, fields)) {
    const origin = await origins.of(path, rendered.key, change.field);
    findings.push(
      finding(
        path,
        nameOf(found),
        change.keys,
        sayDifference(change),
        remedy(origin?.construct ?? { file: source }, origin?.inputs ?? []),
      ),
    );
  }
  return findings;
}

function sayDifference({ before, after }: FieldChange): string {
  if (after === undefined) return `is missing, and the sources render ${show(before)}`;
  if (before === undefined) return `is ${show(after)}, and the sources render no such field`;
  return `is ${show(after)}, and the sources render ${show(before)}`;
}

/** Where to say it instead: the most specific input, else the construct. */
function remedy(construct: Place, inputs: readonly Input[]): string {
  const [input] = inputs;
  const where =
    input === undefined
      ? placeText(construct)
      : `${input.kind === 'setting' ? `the setting ${input.name}` : `the ${input.kind} ${input.name}`} (${input.isDefault ? `default in ${placeText(input.place)}` : placeText(input.place)})`;
  return `To keep it, change ${where} and run ${SYNTH}; to take it back, run ${SYNTH}.`;
}

function nameOf(object: TreeObject | undefined): string {
  const manifest: unknown = object?.manifest;
  return isManifest(manifest) ? objectName(manifest) : 'file';
}

function finding(
  file: string,
  object: string,
  path: Finding['path'],
  message: string,
  text: string,
): Finding {
  return { rule: 'drift', severity: 'error', file, object, path, message, remedy: text };
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 97)}…` : text;
}

/** Where fields come from, by the file of `dist/` that they are in. */
class Origins {
  readonly #environments: readonly Environment[];
  readonly #provenances: Provenances;
  #owners: Map<string, Environment> | undefined;

  constructor(root: string, environments: readonly Environment[]) {
    this.#environments = environments;
    this.#provenances = new Provenances(root);
  }

  async of(file: string, key: string, field: string): Promise<Origin | undefined> {
    this.#owners ??= ownersOf(this.#environments);
    const environment = this.#owners.get(file);
    return environment && (await this.#provenances.of(environment))?.of(key, field);
  }
}

/** The environment that each file of `dist/` belongs to. */
function ownersOf(environments: readonly Environment[]): Map<string, Environment> {
  return new Map(
    environments.flatMap((environment) =>
      renderEnvironment(environment).map(({ path }) => [path, environment] as const),
    ),
  );
}
