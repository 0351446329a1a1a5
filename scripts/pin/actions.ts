import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** `uses: owner/repo/path@v1.2.3`, or a commit with its version behind it as a comment. */
const USES =
  /(?<=uses: )(?<action>(?<repository>[\w.-]+\/[\w.-]+)[\w./-]*)@(?:(?<version>v\d+\.\d+\.\d+)|[0-9a-f]{40} # (?<pinned>v\d+\.\d+\.\d+))$/gm;

export interface PinActionsOptions {
  /** Workflow files. */
  readonly files: readonly string[];
  /** Compare only, and write nothing. */
  readonly check: boolean;
  /** Where repositories are: `https://github.com/` and `owner/repo`. */
  readonly host: string;
}

/**
 * Puts in the place of the version of each action the commit that its tag has now, and the version behind it. All
 * tags are asked for before the first file is written.
 *
 * @returns whether every tag was there and, with `check`, every action at its commit
 * @throws when a repository cannot be asked
 */
export async function pinActions(
  { files, check, host }: PinActionsOptions,
  say: (line: string) => void,
): Promise<boolean> {
  let clean = true;
  const commits = new Map<string, string | undefined>();
  const texts = new Map<string, string>();
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    for (const { groups } of text.matchAll(USES)) {
      const [repository = '', version = ''] = [
        groups?.['repository'],
        groups?.['version'] ?? groups?.['pinned'],
      ];
      const name = `${repository} ${version}`;
      if (commits.has(name)) continue;
      const commit = await commitOf(`${host}${repository}`, version);
      commits.set(name, commit);
      say(`${name}: ${commit ?? 'there is no such tag'}`);
      if (commit === undefined) clean = false;
    }
    const pinned = text.replaceAll(USES, (whole, ...rest) => {
      const groups: Record<string, string | undefined> = rest.at(-1);
      const version = groups['version'] ?? groups['pinned'] ?? '';
      const commit = commits.get(`${groups['repository']} ${version}`);
      return commit === undefined ? whole : `${groups['action']}@${commit} # ${version}`;
    });
    if (pinned !== text) texts.set(file, pinned);
  }
  if (check) return clean && texts.size === 0;
  if (clean) for (const [file, text] of texts) writeFileSync(file, text);
  return clean;
}

/** The commit that a tag leads to; an annotated tag is an object of its own, before the commit (`^{}`). */
async function commitOf(repository: string, tag: string): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)('git', [
    'ls-remote',
    '--',
    repository,
    `refs/tags/${tag}`,
    `refs/tags/${tag}^{}`,
  ]);
  const found = new Map(
    stdout.split('\n').flatMap((line) => {
      const [commit, ref] = line.split('\t');
      return commit === undefined || ref === undefined ? [] : [[ref, commit] as const];
    }),
  );
  return found.get(`refs/tags/${tag}^{}`) ?? found.get(`refs/tags/${tag}`);
}
