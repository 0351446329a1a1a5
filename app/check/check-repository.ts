/** Checks this repository: what its sources render, what is committed in `dist/`, its secrets, images and markers. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allRules } from '../../checks/all-rules.ts';
import { objectName } from '../../checks/field.ts';
import type { Document } from '../../checks/field.ts';
import { parseManifests } from '../../checks/foreign/parse-manifests.ts';
import type { Parsed } from '../../checks/foreign/parse-manifests.ts';
import { lineOf } from '../../checks/locate.ts';
import type { Report, Reported } from '../../checks/report/report.ts';
import { runRules, withoutEchoes } from '../../checks/rule.ts';
import type { Finding } from '../../checks/rule.ts';
import { validate } from '../../checks/schemas/validate.ts';
import type { Target } from '../../checks/schemas/validate.ts';
import { applyWaivers } from '../../checks/waivers.ts';
import type { Judged } from '../../checks/waivers.ts';
import { completeTree } from '../../render/render-tree.ts';
import type { RenderedFile } from '../../render/tree.ts';
import type { Environment } from '../environment.ts';
import { InputError } from '../input-error.ts';
import { loadEnvironments } from '../load-environments.ts';
import { placeText } from '../provenance/place.ts';
import { Provenances } from '../provenance/provenances.ts';
import { renderDocuments } from '../synth.ts';
import type { RenderedDocuments } from '../synth.ts';
import { liveMarkers } from './live-markers.ts';

const DIST = 'dist';

/**
 * Everything that is wrong with a repository of ours.
 *
 * @param root its folder
 * @param drift whether `dist/` must be what the sources render
 */
export async function checkRepository(root: string, drift: boolean): Promise<Report> {
  let loaded;
  try {
    loaded = await loadEnvironments(root);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const findings = error.problems.map((problem) => inputFinding(problem, 'error'));
    return { findings, subject: 'settings, images and secrets', notes: ['nothing could be rendered'] };
  }
  const findings: Reported[] = [
    ...loaded.warnings.map((warning) => inputFinding(warning, 'warning')),
    ...liveMarkers(root),
  ];
  const provenances = new Provenances(root);
  let objects = 0;
  const files: RenderedFile[] = [];
  for (const environment of loaded.environments) {
    const rendered = renderDocuments(environment);
    objects += rendered.documents.length;
    files.push(...rendered.files);
    findings.push(...(await checkEnvironment(root, environment, rendered, provenances)));
  }
  if (drift) findings.push(...(await driftFindings(root, completeTree(files), loaded.environments)));
  const names = loaded.environments.map(({ name }) => name);
  const who = names.length > 3 ? `${names.length} environments` : names.join(', ');
  return { findings, subject: `${objects} objects of ${who}, ${allRules.length} rules`, notes: [] };
}

async function driftFindings(
  root: string,
  files: readonly RenderedFile[],
  environments: readonly Environment[],
): Promise<Reported[]> {
  const { findDrift } = await import('../drift.ts');
  return (await findDrift(root, files, environments)).map((finding) => {
    const { file, object, path } = finding;
    const committed = join(root, DIST, file);
    const text = existsSync(committed) ? readFileSync(committed, 'utf8') : '';
    const { documents } = parseManifests(file, text);
    const index = documents.find(({ manifest }) => objectName(manifest) === object)?.index ?? 0;
    return { ...finding, index, place: `${DIST}/${file}`, line: text === '' ? 1 : lineOf(text, path, index) };
  });
}

async function checkEnvironment(
  root: string,
  environment: Environment,
  rendered: RenderedDocuments,
  provenances: Provenances,
): Promise<Reported[]> {
  const { target, waivers } = environment.settings;
  const fresh = check(rendered.documents, rendered.texts, target);
  const committed = readCommitted(root, rendered);
  const stale =
    committed === undefined
      ? []
      : [...committed.unreadable, ...check(committed.documents, committed.texts, target)];
  const known = new Set(fresh.map(identity));
  const { findings, unused } = applyWaivers(
    [...fresh, ...stale.filter((finding) => !known.has(identity(finding)))],
    waivers,
  );
  const reported = await withOrigins(provenances, environment, rendered, findings, committed?.texts);
  return [...reported, ...unused.map((waiver) => unusedWaiver(environment.file, waiver.rule, waiver.object))];
}

/** Findings of all rules and schemas over the documents of one environment. */
export function check(
  documents: readonly Document[],
  texts: ReadonlyMap<string, string>,
  target: Target,
): Finding[] {
  return withoutEchoes([...runRules(allRules, documents, texts), ...validate(documents, target)]);
}

function identity({ rule, file, object, path, message }: Finding): string {
  return JSON.stringify([rule, file, object, path, message]);
}

/** What is no object of Kubernetes in a file that should hold nothing else. */
export function unreadableIn(file: string, { problems, strangers }: Parsed): Finding[] {
  const said = [
    ...problems.map(({ line, message }) => ({ line, message })),
    ...strangers.map((line) => ({ line, message: 'it has no apiVersion or kind' })),
  ];
  return said.map(({ line, message }) => ({
    rule: 'yaml',
    severity: 'error' as const,
    file,
    object: file,
    path: [],
    line,
    message,
    remedy: 'Run npm run synth, which writes the file anew.',
  }));
}

/** The committed files of an environment, where they are not what it renders; undefined where they are. */
function readCommitted(
  root: string,
  rendered: RenderedDocuments,
): (Omit<RenderedDocuments, 'files'> & { readonly unreadable: readonly Finding[] }) | undefined {
  const texts = new Map<string, string>();
  for (const { path } of rendered.files) {
    const file = join(root, DIST, path);
    if (existsSync(file)) texts.set(path, readFileSync(file, 'utf8'));
  }
  const isSame = rendered.files.every(({ path }) => texts.get(path) === rendered.texts.get(path));
  if (isSame) return undefined;
  const parsed = [...texts].map(([path, text]) => [path, parseManifests(path, text)] as const);
  return {
    documents: parsed.flatMap(([, { documents }]) => documents),
    texts,
    unreadable: parsed.flatMap(([path, file]) => unreadableIn(path, file)),
  };
}

/** Adds the line in dist/, and the construct and settings that it comes from. */
async function withOrigins(
  provenances: Provenances,
  environment: Environment,
  rendered: RenderedDocuments,
  findings: readonly Judged[],
  committed: ReadonlyMap<string, string> | undefined,
): Promise<Reported[]> {
  if (findings.length === 0) return [];
  // Trying out every setting takes a while: only where there is something to explain.
  const provenance = await provenances.of(environment);
  return findings.map((finding) => {
    const { file, index = 0, path } = finding;
    const text = (committed ?? rendered.texts).get(file) ?? rendered.texts.get(file) ?? '';
    const line = finding.line ?? lineOf(text, path, index);
    const manifest = rendered.documents.find(
      (document) => document.file === file && document.index === index,
    )?.manifest;
    const place = `${DIST}/${file}`;
    if (manifest === undefined || provenance === undefined) return { ...finding, place, line };
    const { construct, inputs } = provenance.ofPath(file, { ...manifest }, path);
    return {
      ...finding,
      place,
      line,
      construct: placeText(construct),
      inputs: inputs.slice(0, NAMED).map((input) => `${input.name} (${placeText(input.place)})`),
    };
  });
}

/** Settings that a finding names: the first are those with the fewest other effects. */
const NAMED = 2;

/** `app/environments/prod.ts: access.smtp: expected …`: the file, then the rest. */
function inputFinding(problem: string, severity: Finding['severity']): Reported {
  const [, place = 'app/environments', message = problem] = /^(\S+?): (.*)$/s.exec(problem) ?? [];
  return {
    rule: 'input',
    severity,
    file: place,
    index: 0,
    object: place,
    path: [],
    message,
    remedy: 'Settings: docs/settings.md; secrets: docs/secrets.md.',
    place,
    line: 1,
  };
}

function unusedWaiver(file: string, rule: string, object: string): Reported {
  return {
    rule: 'waiver',
    severity: 'error',
    file,
    index: 0,
    object: file,
    path: ['waivers'],
    message: `nothing is found by ${rule} in ${object}`,
    remedy: 'Remove the waiver, or correct its rule, object or field.',
    place: file,
    line: 1,
  };
}
