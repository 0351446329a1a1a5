import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Adds an environment to a copy of the repository: what prod is, on a cluster of its own.
 *
 * @param root folder of the copy
 * @param settings source text of settings that differ, such as `access: { smtp: ['a'] },`
 */
export function addEnvironment(root: string, name: string, settings = ''): void {
  writeFileSync(
    join(root, 'app/environments', `${name}.ts`),
    `import prod from './prod.ts';\nexport default { ...prod, cluster: { name: '${name}' }, ${settings} };\n`,
  );
  const images = readFileSync(join(root, 'app/images/prod.yaml'), 'utf8');
  writeFileSync(
    join(root, 'app/images', `${name}.yaml`),
    images.replaceAll('prod-2', `${name}-2`).replaceAll('-prod-policy', `-${name}-policy`),
  );
  cpSync(join(root, 'secrets/prod'), join(root, 'secrets', name), { recursive: true });
}
