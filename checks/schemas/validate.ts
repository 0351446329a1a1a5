/** Strict validation against the schemas of the target versions. */
import { readFileSync } from 'node:fs';
import type { Document, Manifest, Path } from '../field.ts';
import { objectName } from '../field.ts';
import type { Finding, Severity } from '../rule.ts';
import { explain } from './explain.ts';
import { errorsOf, type Resolved } from './json-schema.ts';
import type { SchemaFile } from './schema-file.ts';

/** Versions that the manifests are for. */
export interface Target {
  readonly kubernetes: '1.34' | '1.35' | '1.36';
  readonly flux: '2.9';
}

const FILES = ['kubernetes', 'flux', 'prometheus-operator', 'kustomize'] as const;

type SchemaFiles = Readonly<Record<(typeof FILES)[number], SchemaFile>>;

let loaded: SchemaFiles | undefined;

/**
 * Findings of the rule `schema`: unknown fields, wrong types, forms and ranges (errors), kinds that the target
 * does not serve (errors), and kinds without a schema (warnings). Secrets are judged without their `sops` block
 * and without what it encrypts.
 */
export function validate(documents: readonly Document[], target: Target): Finding[] {
  loaded ??= load();
  const files = loaded;
  return documents.flatMap((document) => {
    const { manifest } = document;
    const schema = schemaOf(files, manifest, target);
    if (schema === undefined) return [unknownKind(files, document, target)];
    const ageing = lifecycleOf(files, document, target);
    return [
      ...ageing,
      ...[...errorsOf(schema.schema, withoutSops(manifest), schema.resolve)]
        .filter((error) => !isEncrypted(error.value))
        .map((error) => {
          const { path, message, remedy } = explain(error, manifest);
          return finding(document, 'error', path, message, remedy);
        }),
    ];
  });
}

/** A warning when the target, or the version after it, is the first to deprecate or drop this version of the kind. */
function lifecycleOf(files: SchemaFiles, document: Document, { kubernetes }: Target): Finding[] {
  const lifecycle = files.kubernetes.lifecycles?.[kindKey(document.manifest)];
  if (lifecycle === undefined) return [];
  const next = Number(kubernetes.split('.')[1]) + 1;
  const isReached = (version: string | undefined) => Number(version?.split('.')[1] ?? Infinity) <= next;
  const { deprecated, removed, use } = lifecycle;
  const fate = isReached(removed)
    ? `is gone from Kubernetes ${removed} on`
    : isReached(deprecated)
      ? `is deprecated from Kubernetes ${deprecated} on`
      : undefined;
  if (fate === undefined) return [];
  const { apiVersion, kind } = document.manifest;
  const remedy = use === undefined ? 'Plan to do without it.' : `Use ${use}.`;
  return [
    {
      ...finding(document, 'warning', ['apiVersion'], `${apiVersion} ${kind} ${fate}`, remedy),
      rule: 'api-lifecycle',
    },
  ];
}

function load(): SchemaFiles {
  const read = (name: string): SchemaFile =>
    JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'));
  return {
    kubernetes: read('kubernetes'),
    flux: read('flux'),
    'prometheus-operator': read('prometheus-operator'),
    kustomize: read('kustomize'),
  };
}

function kindKey({ apiVersion, kind }: Manifest): string {
  return `${apiVersion}/${kind}`;
}

function schemaOf(files: SchemaFiles, manifest: Manifest, target: Target): Resolved | undefined {
  // A component of kustomize has the fields of a Kustomization.
  const key = kindKey(manifest).replace('/v1alpha1/Component', '/v1beta1/Kustomization');
  for (const name of FILES) {
    const { kinds, $defs } = files[name];
    const versions = kinds[versionFor(name, target) ?? Object.keys(kinds)[0] ?? ''];
    const schema = $defs[versions?.[key] ?? ''];
    if (schema !== undefined) return { schema, resolve: (reference) => resolve(files, name, reference) };
  }
  return undefined;
}

/** The schema behind `#/$defs/name` (of the same file) or `kubernetes#/$defs/name`. */
function resolve(files: SchemaFiles, from: (typeof FILES)[number], reference: string): Resolved {
  const [file = '', name = ''] = reference.split('#/$defs/');
  const home = FILES.find((known) => known === file) ?? from;
  const schema = files[home].$defs[name];
  if (schema === undefined) throw new Error(`no schema ${reference} in ${home}.json`);
  return { schema, resolve: (next) => resolve(files, home, next) };
}

/** The version of a file that a target asks for; the others hold one only. */
function versionFor(name: (typeof FILES)[number], target: Target): string | undefined {
  if (name === 'kubernetes') return target.kubernetes;
  return name === 'flux' ? target.flux : undefined;
}

/** Why there is no schema: the target does not serve this kind in this version, or we do not know it. */
function unknownKind(files: SchemaFiles, document: Document, target: Target): Finding {
  const { apiVersion, kind } = document.manifest;
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  const isOfGroup = (key: string) => (key.split('/').length === 3 ? key.split('/')[0] : '') === group;
  const native = files.kubernetes.served?.[target.kubernetes] ?? [];
  const flux = Object.keys(files.flux.kinds[target.flux] ?? {});
  for (const [product, served] of [
    [`Kubernetes ${target.kubernetes}`, native],
    [`Flux ${target.flux}`, flux],
  ] as const) {
    if (!served.some(isOfGroup) || served.includes(kindKey(document.manifest))) continue;
    const others = served.filter((key) => isOfGroup(key) && key.endsWith(`/${kind}`));
    return finding(
      document,
      'error',
      ['apiVersion'],
      `${product} serves no ${kind} in ${apiVersion}`,
      others.length > 0
        ? `Use ${others.join(' or ').replaceAll(`/${kind}`, '')}.`
        : 'Correct apiVersion or kind.',
    );
  }
  return finding(
    document,
    'warning',
    ['kind'],
    `there is no schema for ${apiVersion} ${kind}, so it was not validated`,
    'Add it to scripts/schemas.ts, or validate it by other means.',
  );
}

function withoutSops(manifest: Manifest): object {
  if (!('sops' in manifest)) return manifest;
  const { sops: _, ...rest } = manifest;
  return rest;
}

/** Ciphertext has neither the type nor the form of what it stands for. */
function isEncrypted(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('ENC[AES256_GCM,');
}

function finding(
  { file, index = 0, manifest }: Document,
  severity: Severity,
  path: Path,
  message: string,
  remedy: string,
): Finding {
  return { rule: 'schema', severity, file, index, object: objectName(manifest), path, message, remedy };
}
