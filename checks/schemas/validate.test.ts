import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import ipaddr from 'ipaddr.js';
import { parseAllDocuments } from 'yaml';
import { formatPath, isManifest } from '../field.ts';
import type { Manifest } from '../field.ts';
import { quantityValue } from '../quantity.ts';
import { knowsKeyword } from './json-schema.ts';
import type { SchemaFile } from './schema-file.ts';
import { validate } from './validate.ts';
import type { Target } from './validate.ts';

const newest: Target = { kubernetes: '1.36', flux: '2.9' };

const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');

/** One good document of every kind that has a schema. */
const examples = parseAllDocuments(read('examples.yaml'))
  .map((document): unknown => document.toJS())
  .filter(isManifest);

const of = (manifests: readonly Manifest[]) => manifests.map((manifest) => ({ file: 'x.yaml', manifest }));

/** A copy of an example with the text of its JSON changed. */
function changed(kind: string, from: string, to: string): Manifest {
  const example = examples.find((candidate) => `${candidate.apiVersion}/${candidate.kind}`.endsWith(kind));
  const before = JSON.stringify(example);
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  const manifest: unknown = JSON.parse(after);
  if (!isManifest(manifest)) throw new Error('the change broke it');
  return manifest;
}

const FILES = ['kubernetes', 'flux', 'prometheus-operator', 'kustomize'] as const;

function schemaFile(name: (typeof FILES)[number]): SchemaFile {
  return JSON.parse(read(`${name}.json`));
}

/** File and definition of a manifest's kind. */
function definitionOf(
  files: ReadonlyMap<string, SchemaFile>,
  { apiVersion, kind }: Manifest,
): [string, string] {
  for (const [name, { kinds }] of files) {
    const definition = Object.values(kinds).at(-1)?.[`${apiVersion}/${kind}`];
    if (definition !== undefined) return [name, definition];
  }
  throw new Error(`no schema of ${kind}`);
}

/** Keywords of a schema, without names of properties and values. */
function keywordsIn(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(keywordsIn);
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, operand]) => {
    if (keyword === 'properties') return [keyword, ...Object.values(operand).flatMap(keywordsIn)];
    const isData = keyword === 'enum' || keyword === 'required' || keyword.startsWith('x-');
    return [keyword, ...(isData ? [] : keywordsIn(operand))];
  });
}

/** Copies of a manifest with one scalar or list of another type or value, one for each of its fields. */
function spoiled(manifest: Manifest): Manifest[] {
  const text = JSON.stringify(manifest);
  const values = [...text.matchAll(/(?<=[:[,])("[^"]*"|\d+|true|false|\[[^[\]]*\])(?=[,\]}])/g)];
  return values.flatMap(({ 0: value, index }, count) => {
    const other = ['""', '-70000', 'null', '{}', '"a b"'][count % 5] ?? '';
    const copy: unknown = JSON.parse(text.slice(0, index) + other + text.slice(index + value.length));
    return isManifest(copy) && kindOf(copy) === kindOf(manifest) ? [copy] : [];
  });
}

/** Enough to meet every keyword; compiling all kinds takes Ajv seconds. */
const COMPARED = [
  'NetworkPolicy',
  'ConfigMap',
  'ImagePolicy',
  'PrometheusRule',
  'Receiver',
  'Pod',
  'Service',
];

const kindOf = ({ apiVersion, kind }: Manifest) => `${apiVersion}/${kind}`;

describe('the committed schemas', () => {
  it.each(['1.34', '1.35', '1.36'] as const)(
    'take a good document of every kind for Kubernetes %s',
    (kubernetes) => {
      const findings = validate(of(examples), { kubernetes, flux: '2.9' });
      expect(findings.filter(({ rule }) => rule === 'schema')).toEqual([]);
    },
  );

  it('have an example of every kind', () => {
    const kinds = FILES.flatMap((name) => Object.keys(Object.values(schemaFile(name).kinds).at(-1) ?? {}));
    expect(examples.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`).toSorted()).toEqual(
      kinds.toSorted(),
    );
  });

  it.each([
    [
      'an unknown field',
      'apps/v1/Deployment',
      '"replicas":1',
      '"replica":1',
      'spec.replica',
      /unknown field "replica" .*replicas/,
    ],
    [
      'a field in the wrong place',
      'apps/v1/Deployment',
      '"replicas":1',
      '"serviceName":"x"',
      'spec.serviceName',
      /unknown/,
    ],
    [
      'a wrong type',
      'apps/v1/Deployment',
      '"replicas":1',
      '"replicas":"1"',
      'spec.replicas',
      /expected integer, found "1"/,
    ],
    [
      'an unquoted variable',
      'apps/v1/Deployment',
      '"value":"500"',
      '"value":500',
      'spec.template.spec.containers[0].env[0].value',
      /Quote it: "500"/,
    ],
    [
      'a null variable',
      'apps/v1/Deployment',
      '"value":"500"',
      '"value":null',
      'spec.template.spec.containers[0].env[0].value',
      /expected string, found null/,
    ],
    [
      'a bad quantity',
      'apps/v1/Deployment',
      '96Mi',
      '96MB',
      'spec.template.spec.containers[0].resources.requests.memory',
      /"96MB" is no quantity/,
    ],
    [
      'a misspelt resource',
      'apps/v1/Deployment',
      '"memory"',
      '"memroy"',
      'spec.template.spec.containers[0].resources.requests.memroy',
      /no valid key/,
    ],
    [
      'a port out of range',
      'apps/v1/Deployment',
      '"containerPort":8025',
      '"containerPort":80250',
      'spec.template.spec.containers[0].ports[0].containerPort',
      /<= 65535/,
    ],
    [
      'an unknown value',
      'apps/v1/Deployment',
      'Recreate',
      'Recreated',
      'spec.strategy.type',
      /Use Recreate, RollingUpdate/,
    ],
    [
      'a missing field',
      'apps/v1/Deployment',
      '"mountPath":"/auth",',
      '',
      'spec.template.spec.containers[0].volumeMounts[0].mountPath',
      /missing/,
    ],
    [
      'a bad label',
      'apps/v1/Deployment',
      '"app":"email-relay"',
      '"app":"email relay"',
      'metadata.labels.app',
      /does not match/,
    ],
    [
      'a bad name',
      'v1/Service',
      '"name":"email-relay"',
      '"name":"email_relay"',
      'metadata.name',
      /does not match/,
    ],
    [
      'a bad block of addresses',
      'v1/NetworkPolicy',
      '10.0.0.0/8',
      '10.0.0.0/33',
      'spec.egress[0].to[0].ipBlock.except[0]',
      /no cidr/,
    ],
    [
      'an unknown field of a custom resource',
      'v1/ImagePolicy',
      '"range"',
      '"rnage"',
      'spec.policy.semver.rnage',
      /range/,
    ],
    ['a bad duration', 'v1/GitRepository', '"1m"', '"1 minute"', 'spec.interval', /does not match/],
    [
      'a bad duration of Prometheus',
      'v1/ServiceMonitor',
      '"30s"',
      '"30 s"',
      'spec.endpoints[0].interval',
      /does not match/,
    ],
    [
      'a version that is gone',
      'fluxcd.io/v1/ImagePolicy',
      'fluxcd.io/v1',
      'fluxcd.io/v1beta2',
      'apiVersion',
      /Flux 2.9 serves no ImagePolicy .*Use image.toolkit.fluxcd.io\/v1/,
    ],
    [
      'what a rule in CEL forbids',
      'v1/ImagePolicy',
      '"policy":{',
      '"digestReflectionPolicy":"Always","policy":{',
      'spec',
      /spec.interval must be set/,
    ],
    [
      'a kind that is not served',
      'policy/v1/PodDisruptionBudget',
      'policy/v1',
      'policy/v1beta1',
      'apiVersion',
      /Kubernetes 1.36 serves no/,
    ],
  ])('refuse %s', (_, kind, from, to, path, words) => {
    const findings = validate(of([changed(kind, from, to)]), newest);
    const said = findings.map(
      (finding) => `${formatPath(finding.path)}: ${finding.message} ${finding.remedy}`,
    );
    expect(said.filter((line) => line.startsWith(`${path}: `) && words.test(line))).toHaveLength(1);
    expect(findings.map(({ severity }) => severity)).not.toContain('warning');
  });

  it('use no keyword that the validator does not know, and mean to it what they mean to Ajv', () => {
    const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false, code: { optimize: false } });
    formats.default(ajv, ['byte', 'date-time', 'int32', 'int64']);
    ajv.addFormat('quantity', (text: string) => quantityValue(text) !== undefined);
    ajv.addFormat('cidr', ipaddr.isValidCIDR);
    const files = new Map(FILES.map((name) => [name, schemaFile(name)] as const));
    for (const [name, { $defs }] of files) ajv.addSchema({ $id: name, $defs });
    const keywords = new Set(
      [...files.values()].flatMap(({ $defs }) => Object.values($defs).flatMap(keywordsIn)),
    );
    expect([...keywords].filter((keyword) => !knowsKeyword(keyword))).toEqual([]);

    for (const example of examples.filter(({ kind }) => COMPARED.includes(kind))) {
      for (const manifest of [example, ...spoiled(example)]) {
        const [name, definition] = definitionOf(files, example);
        const ours = validate(of([manifest]), newest).filter(
          ({ message }) => !message.includes('spec.interval'),
        );
        expect([manifest, ours.length === 0]).toEqual([
          manifest,
          ajv.validate({ $ref: `${name}#/$defs/${definition}` }, manifest),
        ]);
      }
    }
  });

  it('know what a version has and the one before it has not', () => {
    const pod = changed('v1/Pod', '"restartPolicy"', '"schedulingGroup":{},"restartPolicy"');
    expect(validate(of([pod]), newest)).toEqual([]);
    expect(validate(of([pod]), { ...newest, kubernetes: '1.34' })[0]?.message).toContain('unknown field');
  });

  it('warn of what ages in the target version or the one after it', () => {
    const ageing = validate(of(examples), newest).filter(({ rule }) => rule === 'api-lifecycle');
    expect(ageing).toMatchObject([
      { severity: 'warning', object: 'Endpoints/outside', remedy: 'Use discovery.k8s.io/v1/EndpointSlice.' },
    ]);
  });

  it('admit what they do not know', () => {
    const findings = validate(
      of([{ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'x' } }]),
      newest,
    );
    expect(findings).toMatchObject([{ severity: 'warning', path: ['kind'] }]);
  });
});
