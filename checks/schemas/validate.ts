/**
 * Strict validation against the schemas of the target versions. Loads Ajv, which takes longer than a whole
 * synth: import this module only where schemas are checked.
 */
import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';
import formats from 'ajv-formats';
import ipaddr from 'ipaddr.js';
import type { Document, Manifest, Path } from '../field.ts';
import { objectName } from '../field.ts';
import { quantityValue } from '../quantity.ts';
import type { Finding, Severity } from '../rule.ts';
import { explain } from './explain.ts';
import type { SchemaFile } from './schema-file.ts';

/** Versions that the manifests are for. */
export interface Target {
  readonly kubernetes: '1.34' | '1.35' | '1.36';
  readonly flux: '2.9';
}

const FILES = ['kubernetes', 'flux', 'prometheus-operator', 'kustomize'] as const;

interface Schemas {
  readonly ajv: Ajv;
  readonly files: Readonly<Record<(typeof FILES)[number], SchemaFile>>;
}

let loaded: Schemas | undefined;

/**
 * Findings of the rule `schema`: unknown fields, wrong types, forms and ranges (errors), kinds that the target
 * does not serve (errors), and kinds without a schema (warnings). Secrets are judged without their `sops` block
 * and without what it encrypts.
 */
export function validate(documents: readonly Document[], target: Target): Finding[] {
  loaded ??= load();
  const schemas = loaded;
  return documents.flatMap((document) => {
    const { manifest } = document;
    const reference = referenceOf(schemas.files, manifest, target);
    if (reference === undefined) return [unknownKind(schemas.files, document, target)];
    const check = schemas.ajv.getSchema(reference);
    if (check === undefined) throw new Error(`no schema ${reference}`);
    if (check(withoutSops(manifest)) === true) return [];
    return (check.errors ?? [])
      .filter((error) => !isEncrypted(error.data) && !isPartOfAnother(error))
      .map((error) => {
        const { path, message, remedy } = explain(error, manifest);
        return finding(document, 'error', path, message, remedy);
      });
  });
}

function load(): Schemas {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: false,
    unicodeRegExp: false,
    // The schemas are ours and tested: checking them, and optimizing code that runs once a kind, costs 0.3 s.
    validateSchema: false,
    meta: false,
    code: { optimize: false },
  });
  formats.default(ajv, ['byte', 'date-time', 'int32', 'int64']);
  ajv.addFormat('quantity', (text: string) => quantityValue(text) !== undefined);
  ajv.addFormat('cidr', ipaddr.isValidCIDR);
  const read = (name: string): SchemaFile => {
    const file: SchemaFile = JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'));
    ajv.addSchema({ $id: name, $defs: file.$defs });
    return file;
  };
  return {
    ajv,
    files: {
      kubernetes: read('kubernetes'),
      flux: read('flux'),
      'prometheus-operator': read('prometheus-operator'),
      kustomize: read('kustomize'),
    },
  };
}

function kindKey({ apiVersion, kind }: Manifest): string {
  return `${apiVersion}/${kind}`;
}

function referenceOf(files: Schemas['files'], manifest: Manifest, target: Target): string | undefined {
  const key = kindKey(manifest);
  for (const name of FILES) {
    const { kinds } = files[name];
    const versions = kinds[versionFor(name, target) ?? Object.keys(kinds)[0] ?? ''];
    const definition = versions?.[key];
    if (definition !== undefined) return `${name}#/$defs/${definition}`;
  }
  return undefined;
}

/** The version of a file that a target asks for; the others hold one only. */
function versionFor(name: (typeof FILES)[number], target: Target): string | undefined {
  if (name === 'kubernetes') return target.kubernetes;
  return name === 'flux' ? target.flux : undefined;
}

/** Why there is no schema: the target does not serve this kind in this version, or we do not know it. */
function unknownKind(files: Schemas['files'], document: Document, target: Target): Finding {
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

/** Errors that only lead to another one: of a key's form (reported for the map), and of the branches of a choice. */
function isPartOfAnother({ propertyName, schemaPath }: ErrorObject): boolean {
  return propertyName !== undefined || /\/(anyOf|oneOf)\/\d/.test(schemaPath);
}

function finding(
  { file, manifest }: Document,
  severity: Severity,
  path: Path,
  message: string,
  remedy: string,
): Finding {
  return { rule: 'schema', severity, file, object: objectName(manifest), path, message, remedy };
}
