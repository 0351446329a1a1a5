import { describe, expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './repository.ts';

type Mapping = Readonly<Record<string, unknown>>;

const { scripts }: { scripts: Record<string, string> } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
);

function record(value: unknown): Mapping {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/** Names of npm scripts that a line of shell runs. */
function npmScripts(shell: string): string[] {
  return Array.from(shell.matchAll(/npm (?:run(?: -s)? )?(\w[\w:-]*)/g), ([, name = '']) => name);
}

/** npm's own commands. */
const NPM_ITSELF = ['ci'];

function unknownScripts(shell: readonly string[]): string[] {
  return shell
    .flatMap(npmScripts)
    .filter((name) => !NPM_ITSELF.includes(name) && scripts[name] === undefined);
}

describe('the workflows of GitHub', () => {
  const files = globSync('.github/workflows/*.yml', { cwd: ROOT });
  const texts = files.map((file) => readFileSync(join(ROOT, file), 'utf8'));
  const steps = texts.flatMap((text) =>
    Object.values(record(record(parse(text))['jobs'])).flatMap((job) =>
      list(record(job)['steps']).map(record),
    ),
  );
  const runs = steps.flatMap(({ run }) => (typeof run === 'string' ? [run] : []));

  it('run npm scripts that there are', () => {
    expect(runs.length).toBeGreaterThan(8);
    expect(unknownScripts(runs)).toEqual([]);
  });

  it('put no expression into a script: what a branch is called must not be run', () => {
    expect(runs.filter((run) => run.includes('${{'))).toEqual([]);
  });

  it('pin each action to a full version or a commit', () => {
    const uses = steps.flatMap((step) => (typeof step['uses'] === 'string' ? [step['uses']] : []));
    expect(uses.length).toBeGreaterThan(5);
    expect(uses.filter((action) => !/^[\w./-]+@(v\d+\.\d+\.\d+|[0-9a-f]{40})$/.test(action))).toEqual([]);
  });

  it('say what they may do, and nothing by default', () => {
    for (const text of texts) expect(record(parse(text))['permissions']).toEqual({ contents: 'read' });
  });
});

describe('the pipeline of GitLab', () => {
  const text = readFileSync(join(ROOT, '.gitlab-ci.yml'), 'utf8');
  const pipeline = record(
    parse(text, {
      customTags: [{ tag: '!reference', collection: 'seq', resolve: (value: unknown) => value }],
    }),
  );
  const GLOBAL = ['stages', 'workflow', 'default', 'include', 'variables'];
  const entries = Object.entries(pipeline).filter(([name]) => !GLOBAL.includes(name));
  const templates = new Map(
    entries.filter(([name]) => name.startsWith('.')).map(([name, job]) => [name, record(job)]),
  );
  const jobs = new Map(
    entries.filter(([name]) => !name.startsWith('.')).map(([name, job]) => [name, record(job)]),
  );
  const stages = list(pipeline['stages']);

  it('has jobs of the stages that it names, and a job for each stage', () => {
    const used = [...jobs.values()].map(({ stage }) => stage);
    expect(used.filter((stage) => !stages.includes(stage))).toEqual([]);
    expect(stages.filter((stage) => !used.includes(stage))).toEqual([]);
  });

  it('extends templates that there are, and needs jobs of the same or an earlier stage', () => {
    for (const job of jobs.values()) {
      expect(list(job['extends']).filter((name) => !templates.has(String(name)))).toEqual([]);
      for (const need of list(job['needs']).map((one) =>
        typeof one === 'string' ? one : record(one)['job'],
      )) {
        const needed = jobs.get(String(need));
        expect(needed).toBeDefined();
        expect(stages.indexOf(needed?.['stage'])).toBeLessThanOrEqual(stages.indexOf(job['stage']));
      }
    }
  });

  it('refers to parts that there are', () => {
    const references = Array.from(text.matchAll(/!reference \[([^\]]+)\]/g), ([, path = '']) =>
      path.split(', '),
    );
    expect(references.length).toBeGreaterThan(0);
    for (const [name = '', key = ''] of references) expect(templates.get(name)?.[key]).toBeDefined();
  });

  it('runs npm scripts that there are, with the Node of the images', () => {
    const shell = [...jobs.values(), ...templates.values()].flatMap(({ script, before_script: before }) =>
      [...list(script), ...list(before)].flat().filter((line) => typeof line === 'string'),
    );
    expect(shell.length).toBeGreaterThan(8);
    expect(unknownScripts(shell)).toEqual([]);
    const base = /^FROM (?:docker\.io\/library\/)?(node:[\d.]+-bookworm)/m.exec(
      readFileSync(join(ROOT, 'relay-src/mx-validator/Containerfile'), 'utf8'),
    );
    expect(templates.get('.npm')?.['image']).toBe(base?.[1]);
  });

  it('publishes one at a time', () => {
    expect(jobs.get('images')?.['resource_group']).toBe('images');
  });
});
