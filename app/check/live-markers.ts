/** Flux's setter walks every YAML file of the repository: a fixture with a live marker would be bumped with the rest. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reported } from '../../checks/report/report.ts';

/** Markers of policies that exist; `example:…` is for fixtures and examples. */
const LIVE = /# \{"\$imagepolicy": "(?!example:)/;

/** Where they belong: the file that people edit, and the one that is applied. */
const HOMES = /^(app\/images|dist)\//;

/** Live markers in other files than these. */
export function liveMarkers(root: string): Reported[] {
  const files = globSync('**/*.{yaml,yml}', {
    cwd: root,
    exclude: (path) => /^(node_modules|build|coverage|\.\w+)$|(^|\/)node_modules$/.test(path),
  });
  return files
    .filter((file) => !HOMES.test(file))
    .flatMap((file) => {
      const lines = readFileSync(join(root, file), 'utf8').split('\n');
      const line = lines.findIndex((text) => LIVE.test(text)) + 1;
      if (line === 0) return [];
      return [
        {
          rule: 'live-marker',
          severity: 'error' as const,
          file,
          index: 0,
          object: file,
          path: [],
          message: 'Flux would write new tags here too',
          remedy: 'Use a policy of the namespace example, which no automation has.',
          place: file,
          line,
        },
      ];
    });
}
