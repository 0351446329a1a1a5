/**
 * Spoils rendered manifests, one field at a time. What is done to a field follows from its kind alone (a name, a
 * number, a switch, a list, a map, a ciphertext, a marked line), never from what some rule looks for.
 */
import { isMap, isScalar, isSeq, parseAllDocuments, Scalar } from 'yaml';
import type { Document, Pair, YAMLMap } from 'yaml';
import { formatPath, isManifest, objectName } from '../../checks/field.ts';
import { Random } from '../../relay-src/testing/random.ts';

/** A tree with one field changed. */
export interface Mutant {
  readonly file: string;
  /** For people: `k8s/prod/30-service.yaml: Service/email-relay spec.ports[0].port: 25 → 26`. */
  readonly title: string;
  /** The changed file. */
  readonly text: string;
}

type Key = string | number;

/** A change of one value, in place: what it says in the title, or undefined where it is none. */
type Change = (place: Place, random: Random) => string | undefined;

interface Place {
  readonly document: Document;
  readonly path: readonly Key[];
  readonly node: unknown;
}

/** Fields that are about the file and not about the cluster, or that no one but the API server could judge. */
const LEFT_OUT = /^(sops\.(age|lastmodified|version|mac)|metadata\.annotations\["email-relay)/;

/**
 * Mutants of a tree, as many as wanted, without two alike.
 *
 * @param texts text by file; YAML only
 * @param seed the same seed gives the same mutants
 */
export function mutantsOf(texts: ReadonlyMap<string, string>, seed: string, count: number): Mutant[] {
  const random = new Random(seed);
  const files = [...texts].filter(([file]) => file.endsWith('.yaml'));
  const places = files.flatMap(([file, text]) => placesIn(text).map((at) => ({ file, text, ...at })));
  const found = new Map<string, Mutant>();
  while (found.size < count) {
    const { file, text, index, path } = random.pick(places);
    const mutant = mutate(file, text, index, path, random);
    if (mutant !== undefined) found.set(mutant.title, mutant);
  }
  return [...found.values()];
}

/** Every field of every document: maps, lists and scalars alike. */
function placesIn(text: string): readonly { readonly index: number; readonly path: readonly Key[] }[] {
  return parseAllDocuments(text).flatMap((document, index) =>
    pathsOf(document.contents, [])
      .filter((path) => path.length > 0 && !LEFT_OUT.test(formatPath(path)))
      .map((path) => ({ index, path })),
  );
}

function pathsOf(node: unknown, path: readonly Key[]): (readonly Key[])[] {
  const below = isMap(node)
    ? node.items.flatMap((pair) => pathsOf(pair.value, [...path, keyText(pair)]))
    : isSeq(node)
      ? node.items.flatMap((item, index) => pathsOf(item, [...path, index]))
      : [];
  return [path, ...below];
}

function keyText({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function mutate(
  file: string,
  text: string,
  index: number,
  path: readonly Key[],
  random: Random,
): Mutant | undefined {
  const documents = [...parseAllDocuments(text)];
  const document = documents[index];
  if (document === undefined) return undefined;
  const place: Place = { document, path, node: document.getIn(path, true) };
  const manifest: unknown = document.toJS();
  const name = isManifest(manifest) ? objectName(manifest) : 'file';
  const said = random.pick(changesFor(place))(place, random);
  if (said === undefined) return undefined;
  const changed = documents
    .map((each) => each.toString({ lineWidth: 0 }).replace(/^---\n/, ''))
    .join('---\n');
  return { file, title: `${file}: ${name} ${formatPath(path)}: ${said}`, text: changed };
}

/** What can be done to a value, by its kind; each is as likely as the others. */
function changesFor({ node, path }: Place): readonly Change[] {
  const inList = typeof path.at(-1) === 'number';
  const anywhere = inList ? [drop, duplicate] : [drop, misspell, misplace];
  if (isMap(node)) return [...anywhere, empty, extend];
  if (isSeq(node)) return [...anywhere, empty, shorten];
  if (!isScalar(node)) return anywhere;
  if (typeof node.comment === 'string') return [...anywhere, rename, spoilMarker, dropMarker];
  if (typeof node.value === 'boolean') return [...anywhere, flip, retype];
  if (typeof node.value === 'number') return [...anywhere, step, multiply, retype];
  if (isCiphertext(node.value)) return [...anywhere, reveal];
  return [...anywhere, rename, clear, ...(/\d/.test(String(node.value)) ? [stepInside] : [])];
}

const isCiphertext = (value: unknown) => String(value).startsWith('ENC[');

/** A value, or what differs in it from the other one. */
const around = (value: unknown, other: unknown) => {
  const [text, against] = [JSON.stringify(value) ?? 'nothing', JSON.stringify(other) ?? ''];
  if (text.length <= 60) return text;
  const at = Array.from(text).findIndex((character, index) => character !== against.charAt(index));
  return `…${text.slice(Math.max(0, at - 25), at + 15)}…`;
};

const set = (place: Place, value: unknown): string => {
  const { document, path, node } = place;
  const before = isScalar(node) ? node.value : node;
  if (isScalar(node)) {
    node.value = value;
    delete node.type;
  } else document.setIn(path, value);
  return `${around(before, value)} → ${around(value, before)}`;
};

const drop: Change = ({ document, path }) => {
  document.deleteIn(path);
  return 'dropped';
};

const duplicate: Change = ({ document, path }) => {
  const list = document.getIn(path.slice(0, -1), true);
  if (!isSeq(list)) return undefined;
  const item: unknown = list.items[Number(path.at(-1))];
  list.items.push(document.createNode(isScalar(item) ? item.value : JSON.parse(JSON.stringify(item))));
  return 'said twice';
};

/** A typing error in the key. */
const misspell: Change = ({ document, path }, random) => {
  const pair = pairAt(document, path);
  const key = keyOf(pair);
  if (pair === undefined || key.length < 2) return undefined;
  const at = random.whole(0, key.length - 2);
  const wrong = key.slice(0, at) + key.charAt(at + 1) + key.charAt(at) + key.slice(at + 2);
  if (wrong === key) return undefined;
  pair.key = new Scalar(wrong);
  return `called ${wrong}`;
};

/** One level up, where people paste it. */
const misplace: Change = ({ document, path, node }) => {
  const key = path.at(-1);
  const above = path.slice(0, -2);
  const home = above.length === 0 ? document.contents : document.getIn(above, true);
  if (path.length < 2 || key === undefined || !isMap(home) || home.has(key)) return undefined;
  document.deleteIn(path);
  home.set(key, node);
  return 'one level up';
};

const empty: Change = ({ document, path, node }) => {
  if ((isMap(node) || isSeq(node)) && node.items.length === 0) return undefined;
  document.setIn(path, isMap(node) ? {} : []);
  return 'emptied';
};

/** A field that nobody knows, or an entry that nobody asked for. */
const extend: Change = ({ node }, random) => {
  if (!isMap(node)) return undefined;
  const key = `x${random.whole(0, 999)}`;
  node.set(key, 'y');
  return `with ${key}`;
};

const shorten: Change = ({ node }, random) => {
  if (!isSeq(node) || node.items.length < 2) return undefined;
  const at = random.whole(0, node.items.length - 1);
  node.items.splice(at, 1);
  return `without item ${at}`;
};

const rename: Change = (place) => set(place, changedName(String(valueOf(place))));

/** One letter more, inside the last word: `mailpit-data` → `mailpit-datax`. */
function changedName(text: string): string {
  const [, head = '', tail = ''] = /^([\s\S]*\w)(\W*)$/.exec(text) ?? [text, text, ''];
  return `${head}x${tail}`;
}

const clear: Change = (place) => (valueOf(place) === '' ? undefined : set(place, ''));

const flip: Change = (place) => set(place, valueOf(place) !== true);

const retype: Change = (place) => set(place, String(valueOf(place)));

const step: Change = (place) => set(place, Number(valueOf(place)) + 1);

const multiply: Change = (place) => set(place, Number(valueOf(place)) * 100);

/** The last number in a text, ten times as large: durations, quantities, thresholds, versions. */
const stepInside: Change = (place) =>
  set(
    place,
    String(valueOf(place)).replace(/\d+(?=\D*$)/, (digits) => `${Number(digits) * 10 + 1}`),
  );

const reveal: Change = (place) => set(place, 'hunter2');

const spoilMarker: Change = ({ node }) => {
  if (!isScalar(node)) return undefined;
  node.comment = `${node.comment ?? ''} bumped by Flux`;
  return 'words behind the marker';
};

const dropMarker: Change = ({ node }) => {
  if (!isScalar(node)) return undefined;
  delete node.comment;
  return 'marker dropped';
};

function valueOf({ node }: Place): unknown {
  return isScalar(node) ? node.value : undefined;
}

function pairAt(document: Document, path: readonly Key[]): Pair | undefined {
  const above = path.slice(0, -1);
  const map: unknown = above.length === 0 ? document.contents : document.getIn(above, true);
  if (!isMap(map)) return undefined;
  const { items }: YAMLMap = map;
  return items.find((pair) => keyText(pair) === String(path.at(-1)));
}

function keyOf(pair: Pair | undefined): string {
  return pair === undefined ? '' : keyText(pair);
}
