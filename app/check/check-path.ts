/** Checks a folder that is not this repository's `dist/`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { formatPath } from '../../checks/field.ts';
import { checkFolder } from '../../checks/foreign/check-folder.ts';
import { fixText } from '../../checks/foreign/fix.ts';
import { lineOf } from '../../checks/locate.ts';
import type { Report } from '../../checks/report/report.ts';
import type { Target } from '../../checks/schemas/validate.ts';

/**
 * Everything that is surely wrong, or likely to be, below a path.
 *
 * @param fix whether what has one right answer is repaired in its file; what is left is reported
 * @throws Error when the path does not exist
 */
export function checkPath(path: string, target: Target, fix: boolean): Report {
  if (!fix) return report(path, target, []);
  const { folder, findings } = checkFolder(path, target);
  const notes: string[] = [];
  for (const file of folder.files.values()) {
    const { text, fixed } = fixText(
      // Not the text that was judged: large definitions are blanked there.
      readFileSync(join(folder.root, file.path), 'utf8'),
      findings.filter((finding) => finding.file === file.path),
    );
    if (fixed.length === 0) continue;
    writeFileSync(join(folder.root, file.path), text);
    notes.push(
      `repaired in ${file.path}: ${fixed.map((finding) => `${finding.object} ${formatPath(finding.path)}`).join(', ')}`,
    );
  }
  return report(path, target, notes);
}

function report(path: string, target: Target, repaired: readonly string[]): Report {
  const { folder, findings, objects, skipped, unknown } = checkFolder(path, target);
  const placeOf = (file: string) => {
    const full = join(folder.root, file);
    const near = relative(process.cwd(), full);
    return near.startsWith('..') ? full : near;
  };
  return {
    findings: findings.map((finding) => ({
      ...finding,
      place: placeOf(finding.file),
      line: finding.line ?? lineOf(folder.files.get(finding.file)?.text ?? '', finding.path, finding.index),
    })),
    subject: `${objects} objects below ${path}, for Kubernetes ${target.kubernetes} and Flux ${target.flux}`,
    notes: [
      ...repaired,
      ...summary(
        'not validated, for want of a schema',
        [...unknown].map(([kind, count]) => (count > 1 ? `${kind} (${count})` : kind)),
      ),
      ...[...new Set(skipped.map(({ reason }) => reason))].flatMap((reason) => {
        const files = skipped.filter((file) => file.reason === reason);
        return summary(
          `left out, as ${reason}`,
          files.map((file) => placeOf(file.path)),
        );
      }),
    ],
  };
}

/** Most names that a note lists. */
const NAMED = 6;

function summary(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return [`${what}: ${names.slice(0, NAMED).join(', ')}${more}`];
}
