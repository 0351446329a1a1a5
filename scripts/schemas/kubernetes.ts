/** Strict schemas of native kinds, from the OpenAPI v3 documents of pinned Kubernetes releases. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SchemaFile } from '../../checks/schemas/schema-file.ts';
import { enumsOf } from './enums.ts';
import { lifecyclesOf } from './lifecycle.ts';
import { DEFAULT_NAME, KNOWN, NAMES, REQUIRED, SPEC_OPTIONAL } from './known.ts';
import { KUBERNETES, sourcesOf } from './modules.ts';
import { child, isSchema, mapValues, type Schema, sorted } from './schema.ts';

/** What we render, and what stands beside it in most repositories. */
const KINDS = [
  'v1/ConfigMap',
  'v1/Endpoints',
  'v1/LimitRange',
  'v1/Namespace',
  'v1/PersistentVolume',
  'v1/PersistentVolumeClaim',
  'v1/Pod',
  'v1/ReplicationController',
  'v1/ResourceQuota',
  'v1/Secret',
  'v1/Service',
  'v1/ServiceAccount',
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration',
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding',
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration',
  'apiextensions.k8s.io/v1/CustomResourceDefinition',
  'apiregistration.k8s.io/v1/APIService',
  'apps/v1/DaemonSet',
  'apps/v1/Deployment',
  'apps/v1/ReplicaSet',
  'apps/v1/StatefulSet',
  'autoscaling/v1/HorizontalPodAutoscaler',
  'autoscaling/v2/HorizontalPodAutoscaler',
  'batch/v1/CronJob',
  'batch/v1/Job',
  'coordination.k8s.io/v1/Lease',
  'discovery.k8s.io/v1/EndpointSlice',
  'networking.k8s.io/v1/Ingress',
  'networking.k8s.io/v1/IngressClass',
  'networking.k8s.io/v1/NetworkPolicy',
  'node.k8s.io/v1/RuntimeClass',
  'policy/v1/PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1/ClusterRole',
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  'rbac.authorization.k8s.io/v1/Role',
  'rbac.authorization.k8s.io/v1/RoleBinding',
  'scheduling.k8s.io/v1/PriorityClass',
  'storage.k8s.io/v1/CSIDriver',
  'storage.k8s.io/v1/StorageClass',
];

/** Definitions whose OpenAPI form says too little. */
const SPECIAL: Readonly<Record<string, Schema>> = {
  'api.resource.Quantity': { type: ['string', 'number'], format: 'quantity' },
  'util.intstr.IntOrString': { type: ['integer', 'string'] },
  'meta.v1.FieldsV1': { type: 'object' },
};

/** Definitions of one release by name, strict, and the kinds among them. */
interface Release {
  readonly definitions: ReadonlyMap<string, Schema>;
  readonly kinds: Readonly<Record<string, string>>;
  readonly served: readonly string[];
}

export function kubernetesSchemas(): SchemaFile {
  const releases = Object.entries(KUBERNETES).map(
    ([version, { openapi, api }]) => [version, readRelease(sourcesOf(openapi), sourcesOf(api))] as const,
  );
  const newest = Object.values(KUBERNETES).at(-1);
  if (newest === undefined) throw new Error('no release of Kubernetes');
  return { ...shareEqual(releases.toReversed()), lifecycles: lifecyclesOf(sourcesOf(newest.api)) };
}

function readRelease(kubernetes: string, api: string): Release {
  const definitions = new Map<string, Schema>();
  const kinds: Record<string, string> = {};
  const served = new Set<string>();
  const folder = join(kubernetes, 'api/openapi-spec/v3');
  for (const file of readdirSync(folder).toSorted()) {
    const document: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    if (!isSchema(document)) throw new Error(`${file} is no OpenAPI document`);
    for (const kind of servedKinds(document)) served.add(kind);
    for (const [name, schema] of Object.entries(child(document, 'components', 'schemas'))) {
      if (!isSchema(schema)) continue;
      const short = shortName(name);
      const kind = onlyKind(schema);
      if (kind !== undefined && KINDS.includes(kind)) kinds[kind] = short;
      if (!definitions.has(short)) definitions.set(short, strict(schema));
    }
  }
  const missing = KINDS.filter((kind) => kinds[kind] === undefined);
  if (missing.length > 0) throw new Error(`no schema for ${missing.join(', ')} in ${kubernetes}`);
  for (const [name, schema] of definitions) definitions.set(name, addKnown(name, schema, api));
  for (const [kind, name] of Object.entries(kinds)) {
    // Apart from the plain definition, which others embed: a claim template needs neither kind nor status.
    kinds[kind] = `object.${name}`;
    definitions.set(`object.${name}`, asObject(kind, definitions.get(name) ?? {}));
  }
  return { definitions, kinds, served: [...served].toSorted() };
}

/** Kinds that can be created: those whose path takes a POST. */
function servedKinds(document: Schema): string[] {
  return Object.values(child(document, 'paths')).flatMap((path) => {
    const kind = isSchema(path) ? child(path, 'post', 'x-kubernetes-group-version-kind') : {};
    return typeof kind['kind'] === 'string' ? [kindKey(kind)] : [];
  });
}

/** Kind of a definition that is one kind's alone; DeleteOptions and alike belong to many. */
function onlyKind(schema: Schema): string | undefined {
  const list = schema['x-kubernetes-group-version-kind'];
  const [first, ...others]: readonly unknown[] = Array.isArray(list) ? list : [];
  return isSchema(first) && others.length === 0 ? kindKey(first) : undefined;
}

function kindKey({ group, version, kind }: Schema): string {
  return [group, version, kind].filter((part) => part !== '').join('/');
}

/** `io.k8s.api.apps.v1.Deployment` → `apps.v1.Deployment`. */
function shortName(name: string): string {
  return name.replace(/^io\.k8s\.(api|apimachinery\.pkg(\.apis)?)\./, '');
}

/** Without prose and defaults, and closed: a field that is not listed is an error. */
function strict(schema: Schema): Schema {
  const reference = referenceOf(schema);
  if (reference !== undefined) return { $ref: reference };
  const { type, format, required, enum: values } = schema;
  const properties = mapValues(schema['properties'], strict);
  const isClosed = Object.keys(properties).length > 0;
  return {
    ...(type === undefined ? {} : { type }),
    ...(format === undefined ? {} : { format }),
    ...(required === undefined ? {} : { required }),
    ...(values === undefined ? {} : { enum: values }),
    ...(isSchema(schema['items']) ? { items: strict(schema['items']) } : {}),
    ...(schema['x-kubernetes-list-type'] === 'set' ? { uniqueItems: true } : {}),
    ...(isClosed ? { properties, additionalProperties: false } : {}),
    ...(isSchema(schema['additionalProperties'])
      ? { additionalProperties: strict(schema['additionalProperties']) }
      : {}),
  };
}

/** The definition that a schema stands for, alone or as `allOf` of one (so that it can have a default). */
function referenceOf(schema: Schema): string | undefined {
  const [only]: readonly unknown[] = Array.isArray(schema['allOf']) ? schema['allOf'] : [schema];
  const reference = isSchema(only) ? only['$ref'] : undefined;
  return typeof reference === 'string'
    ? shortName(reference.replace('#/components/schemas/', ''))
    : undefined;
}

/** Adds enumerations and what the server's code checks. */
function addKnown(name: string, schema: Schema, api: string): Schema {
  const special = SPECIAL[name];
  if (special !== undefined) return special;
  const [, group = '', struct = ''] = /^(.+)\.(\w+)$/.exec(name) ?? [];
  const enums = enumsOf(api, group.replace('.', '/')).get(struct);
  const known = KNOWN[name] ?? {};
  const stray = Object.keys(known).filter((property) => !(property in child(schema, 'properties')));
  if (stray.length > 0) throw new Error(`${name} has no ${stray.join(', ')}`);
  const { required } = schema;
  const demanded = [...(Array.isArray(required) ? required : []), ...(REQUIRED[name] ?? [])];
  return {
    ...schema,
    ...(demanded.length > 0 ? { required: demanded } : {}),
    ...('properties' in schema
      ? {
          properties: mapValues(schema['properties'], (property, key) => {
            const values = enums?.get(key);
            const listed = values === undefined ? property : withEnum(property, values);
            return { ...listed, ...known[key] };
          }),
        }
      : {}),
  };
}

function withEnum(property: Schema, values: readonly string[]): Schema {
  if (property['type'] === 'array')
    return { ...property, items: { ...child(property, 'items'), enum: values } };
  return { ...property, enum: values };
}

/** An object of its own: it has a name of the right form, and its status is the controllers' business. */
function asObject(kind: string, schema: Schema): Schema {
  const properties = child(schema, 'properties');
  const needsSpec = 'spec' in properties && !SPEC_OPTIONAL.includes(kind);
  return {
    ...schema,
    required: ['apiVersion', 'kind', 'metadata', ...(needsSpec ? ['spec'] : [])],
    properties: {
      ...properties,
      metadata: metadata(NAMES[kind] ?? DEFAULT_NAME),
      ...('status' in properties ? { status: {} } : {}),
    },
  };
}

/** Metadata of an object that is applied: ObjectMeta with a name. */
function metadata(name: Schema): Schema {
  return {
    allOf: [{ $ref: 'meta.v1.ObjectMeta' }],
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string', ...name } },
  };
}

/**
 * One set of definitions for all releases. A definition that is equal in two of them, with all that it refers
 * to, is stored once; one that differs carries the version that it holds up to: `core.v1.PodSpec@1.34`.
 */
function shareEqual(releases: readonly (readonly [version: string, release: Release])[]): SchemaFile {
  const $defs: Record<string, Schema> = {};
  const stored = new Map<string, Map<string, string>>();
  const kinds: Record<string, Readonly<Record<string, string>>> = {};
  const served: Record<string, readonly string[]> = {};
  for (const [version, { definitions, kinds: own, served: all }] of releases) {
    const closures = new Map<string, string>();
    const store = (name: string): string => {
      const closure = closures.get(name) ?? JSON.stringify(sorted(expand(name, definitions, new Map())));
      closures.set(name, closure);
      const variants = stored.get(name) ?? new Map<string, string>();
      stored.set(name, variants);
      const known = variants.get(closure);
      if (known !== undefined) return known;
      const key = variants.size === 0 ? name : `${name}@${version}`;
      variants.set(closure, key);
      $defs[key] = withReferences(definitions.get(name) ?? {}, store);
      return key;
    };
    kinds[version] = Object.fromEntries(Object.entries(own).map(([kind, name]) => [kind, store(name)]));
    served[version] = all;
  }
  return { kinds, served, $defs };
}

/** All definitions that one refers to, itself included. */
function expand(
  name: string,
  definitions: ReadonlyMap<string, Schema>,
  found: Map<string, Schema>,
): Readonly<Record<string, Schema>> {
  const schema = definitions.get(name);
  if (schema === undefined) throw new Error(`no definition ${name}`);
  if (!found.has(name)) {
    found.set(name, schema);
    withReferences(schema, (reference) => {
      expand(reference, definitions, found);
      return reference;
    });
  }
  return Object.fromEntries(found);
}

/** The schema with each reference replaced by one to what `resolve` names. */
function withReferences(schema: Schema, resolve: (name: string) => string): Schema {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (!isSchema(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, below]) =>
        key === '$ref' && typeof below === 'string'
          ? [key, `#/$defs/${resolve(below)}`]
          : [key, visit(below)],
      ),
    );
  };
  const result = visit(schema);
  return isSchema(result) ? result : {};
}
