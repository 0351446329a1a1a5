import { parse } from 'yaml';
import { z } from 'zod';

const configFile = z.object({
  creation_rules: z.array(
    z.object({
      path_regex: z.string().optional(),
      age: z.union([z.string(), z.array(z.string())]).optional(),
    }),
  ),
});

type CreationRules = z.infer<typeof configFile>['creation_rules'];

/** By text: every secret of every environment asks the same file. */
const known = new Map<string, CreationRules>();

function creationRules(config: string): CreationRules {
  let rules = known.get(config);
  if (rules === undefined) known.set(config, (rules = configFile.parse(parse(config)).creation_rules));
  return rules;
}

/**
 * The age recipients that `.sops.yaml` names for a file: those of the first rule whose `path_regex` matches,
 * as SOPS chooses it; sorted.
 * @param config text of `.sops.yaml`
 * @param path of the file, relative to the folder of `.sops.yaml`
 * @returns undefined when no rule matches, or the rule names no age recipients at its top level
 */
export function configuredRecipients(config: string, path: string): readonly string[] | undefined {
  const rule = creationRules(config).find(
    ({ path_regex: pattern }) => pattern === undefined || new RegExp(pattern).test(path),
  );
  if (rule?.age === undefined) return undefined;
  const list = typeof rule.age === 'string' ? rule.age.split(',') : rule.age;
  return list.map((recipient) => recipient.trim()).toSorted();
}

/**
 * Puts another recipient in the place of one. A comment behind it goes, since it describes the old one; every
 * other byte stays, and so do other recipients on the line.
 * @returns the new text, or undefined when the old recipient is not there
 */
export function replaceRecipient(config: string, from: string, to: string): string | undefined {
  const line = new RegExp(`(^[ -]*age:.*?)\\b${from}\\b([^#\\n]*?)([ ]*#.*)?$`, 'gm');
  const replaced = config.replace(line, `$1${to}$2`);
  return replaced === config ? undefined : replaced;
}
