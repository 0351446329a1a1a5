import type { Synthesis } from './synth.ts';

/** At most this many files are named one by one. */
const NAMED = 12;

/** Says in a few lines what synth did; warnings go to standard error. */
export function printSynthesis({ folder, environments, changes, warnings }: Synthesis): void {
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  const rows = [
    ...changes.added.map((path) => `  + ${path}`),
    ...changes.changed.map((path) => `  ~ ${path}`),
    ...changes.removed.map((path) => `  - ${path}`),
  ];
  const total = changes.added.length + changes.changed.length + changes.unchanged;
  const counts = `${changes.added.length} added, ${changes.changed.length} changed, ${changes.removed.length} removed, ${changes.unchanged} unchanged`;
  const more = rows.length > NAMED ? [`  … and ${rows.length - NAMED} more`] : [];
  const who = environments.length > NAMED ? `${environments.length} environments` : environments.join(', ');
  process.stdout.write(
    [`${folder}: ${total} files for ${who}: ${counts}`, ...rows.slice(0, NAMED), ...more, ''].join('\n'),
  );
}
