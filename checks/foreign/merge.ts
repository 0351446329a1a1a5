/** Patches of kustomize, applied to plain objects. What cannot be applied leaves the object as it is. */
import { isObject } from './plain.ts';
import type { Plain } from './plain.ts';

/** Keys by which the API merges lists of maps, by the name of the list (patchMergeKey in k8s.io/api). */
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  ports: ['containerPort', 'port'],
  imagePullSecrets: ['name'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey'],
};

/** A strategic merge: maps are merged, null removes, lists of known maps are merged by key, others are replaced. */
export function strategicMerge(target: Plain, patch: Plain): Plain {
  if (patch['$patch'] === 'replace') return withoutDirective(patch);
  const result: Record<string, unknown> = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    const old = result[key];
    if (value === null) delete result[key];
    else if (isObject(value)) result[key] = strategicMerge(isObject(old) ? old : {}, value);
    else if (Array.isArray(value)) result[key] = mergeLists(key, Array.isArray(old) ? old : [], value);
    else result[key] = value;
  }
  return result;
}

function withoutDirective(patch: Plain): Plain {
  return Object.fromEntries(Object.entries(patch).filter(([key]) => key !== '$patch'));
}

function mergeLists(name: string, old: readonly unknown[], items: readonly unknown[]): readonly unknown[] {
  const maps = items.filter(isObject);
  const key = MERGE_KEYS[name]?.find((candidate) => maps.every((item) => candidate in item));
  if (
    key === undefined ||
    maps.length !== items.length ||
    maps.some((item) => item['$patch'] === 'replace')
  ) {
    return maps.length === items.length ? maps.filter((item) => !('$patch' in item)) : items;
  }
  const result = [...old];
  for (const item of maps) {
    const index = result.findIndex((other) => isObject(other) && other[key] === item[key]);
    const other = result[index];
    if (item['$patch'] === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (isObject(other)) result[index] = strategicMerge(other, item);
    else result.push(item);
  }
  return result;
}

/** A JSON patch (RFC 6902). @throws Error when a step leads nowhere */
export function jsonPatch(target: Plain, operations: readonly unknown[]): Plain {
  const result: unknown = structuredClone(target);
  for (const operation of operations.filter(isObject)) {
    const keys = pointer(operation['path']);
    const last = keys.pop();
    const holder = keys.reduce<unknown>((node, key) => child(node, key), result);
    if (last === undefined || (!isObject(holder) && !Array.isArray(holder))) throw new Error('no such path');
    const { op, value } = operation;
    if (Array.isArray(holder)) {
      const index = last === '-' ? holder.length : Number(last);
      if (op === 'remove') holder.splice(index, 1);
      else if (op === 'add') holder.splice(index, 0, value);
      else if (op === 'replace') holder[index] = value;
    } else if (op === 'remove') delete holder[last];
    else if (op === 'add' || op === 'replace') holder[last] = value;
  }
  return isObject(result) ? result : target;
}

function pointer(path: unknown): string[] {
  return String(path)
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function child(node: unknown, key: string): unknown {
  if (Array.isArray(node)) return node[Number(key)];
  return isObject(node) ? node[key] : undefined;
}
