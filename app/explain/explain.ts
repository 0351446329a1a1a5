/** Which construct, setting and line rendered an object or a field of it, and why. */
import { nearest } from '../../checks/nearest.ts';
import { fieldsOf, fieldSteps, isWithin } from '../../render/fields.ts';
import type { Origin, Provenance } from '../provenance/provenance.ts';

/** What is known about an object or a field. */
export interface Explanation extends Origin {
  /** `Deployment/email-relay/email-relay`. */
  readonly object: string;
  /** Text of the field's path; '' for the object as a whole. */
  readonly field: string;
  /** The fields there with their values; none where today's settings render no such field. */
  readonly values: readonly (readonly [field: string, value: unknown])[];
  /** The rendered file; undefined where today's settings render no such object. */
  readonly file: string | undefined;
}

/** A query that names nothing; the message has the nearest names. */
export class UnknownNameError extends Error {}

/** Names that kubectl's users type. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  deploy: 'deployment',
  ks: 'kustomization',
  netpol: 'networkpolicy',
  ns: 'namespace',
  pvc: 'persistentvolumeclaim',
  smon: 'servicemonitor',
  svc: 'service',
};

/**
 * Explains what a query names: `deployment/email-relay`, `svc/email-relay.spec.ports[smtp]`,
 * `deployment/email-relay.spec.template.spec.containers[mailpit].image`. The case of the kind does not matter, the
 * namespace may be left out, and so may every step but the last: `deployment/email-relay.MP_MAX_AGE`. Of several
 * fields each is explained.
 *
 * @throws UnknownNameError when there is no such object or field
 */
export function explain(query: string, provenance: Provenance): Explanation[] {
  const [keys, rest] = objectsNamed(query, provenance);
  const explanations = keys.flatMap((key) => {
    const object = provenance.objects.get(key);
    const fields = object === undefined ? [] : [...fieldsOf(object.manifest)];
    return fieldsNamed(provenance.fieldsOf(key), rest).map((field) => ({
      object: key,
      field,
      values: fields
        .filter(([text]) => field === '' || isWithin(text, field))
        .map(([text, { value }]) => [text, value] as const),
      file: object && `dist/${object.file}`,
      ...provenance.of(key, field),
    }));
  });
  if (explanations.length > 0) return explanations;
  const known = keys.flatMap((key) => provenance.fieldsOf(key)).flatMap(stepNames);
  throw new UnknownNameError(
    `${keys.join(', ')} has no field "${rest}"; near it: ${nearest(lastName(rest), [...new Set(known)]).join(', ')}`,
  );
}

/** The objects that the beginning of a query names, and the rest of it. */
function objectsNamed(query: string, provenance: Provenance): [keys: string[], rest: string] {
  const slash = query.indexOf('/');
  const kind = query.slice(0, Math.max(slash, 0)).toLowerCase();
  const wanted = `${SHORT_NAMES[kind] ?? kind}${query.slice(Math.max(slash, 0))}`;
  let found: { keys: string[]; rest: string } | undefined;
  for (const key of provenance.keys) {
    for (const name of namesOf(key)) {
      const rest = wanted.slice(name.length);
      if (wanted.slice(0, name.length).toLowerCase() !== name.toLowerCase() || !/^($|[.[])/.test(rest))
        continue;
      if (found === undefined || rest.length < found.rest.length) found = { keys: [key], rest };
      else if (rest.length === found.rest.length && !found.keys.includes(key)) found.keys.push(key);
    }
  }
  if (found !== undefined) return [found.keys, found.rest.replace(/^\./, '')];
  const names = [...provenance.keys].map(shortName);
  throw new UnknownNameError(
    `no object "${query}" is rendered; near it: ${nearest(wanted, names).join(', ')}`,
  );
}

/** `Deployment/email-relay/email-relay` is also known without its namespace. */
function namesOf(key: string): string[] {
  return [key, shortName(key)];
}

function shortName(key: string): string {
  const [kind = '', ...rest] = key.split('/');
  return kind === 'index' ? key : `${kind}/${rest.at(-1)}`;
}

/** The fields (or parts of an object) whose steps end with the last of the query and hold the others before it. */
function fieldsNamed(fields: readonly string[], rest: string): string[] {
  if (rest === '') return [''];
  const wanted = stepNames(rest);
  const found = new Set<string>();
  for (const field of fields) {
    const texts = prefixes(field);
    const match = texts.find((text) => endsInOrder(stepNames(text), wanted));
    if (match !== undefined) found.add(match);
  }
  const exact = [...found].filter((field) => stepNames(field).join('\n') === wanted.join('\n'));
  const all = exact.length > 0 ? exact : [...found];
  return all.filter((field) => !all.some((other) => other !== field && isWithin(field, other)));
}

/** `a.b[c]`: `a`, `a.b`, `a.b[c]`. */
function prefixes(field: string): string[] {
  const ends = Array.from(field.matchAll(/(?<=[^.[])(?=[.[])|$/g), ({ index }) => index);
  return ends.map((end) => field.slice(0, end)).filter((text) => !/\[[^\]]*$/.test(text));
}

function endsInOrder(names: readonly string[], wanted: readonly string[]): boolean {
  // A key with dots in it (`outbox.yaml`, `app.kubernetes.io/name`) needs no quotes.
  if (`.${names.join('.')}`.endsWith(`.${wanted.join('.')}`)) return true;
  if (names.at(-1) !== wanted.at(-1)) return false;
  let next = 0;
  for (const name of names) if (name === wanted[next]) next += 1;
  return next === wanted.length;
}

function stepNames(field: string): string[] {
  return fieldSteps(field).map((step) => (typeof step === 'string' ? step : step.item));
}

function lastName(field: string): string {
  return stepNames(field).at(-1) ?? '';
}
