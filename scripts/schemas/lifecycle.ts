/** When versions of native kinds are deprecated and removed, and what takes their place: from generated Go code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lifecycle } from '../../checks/schemas/schema-file.ts';

const FILES = ['zz_generated.prerelease-lifecycle.go', 'lifecycle.go'];

/** Lifecycles by `group/version/Kind`, of all packages of the module k8s.io/api. */
export function lifecyclesOf(api: string): Readonly<Record<string, Lifecycle>> {
  const known: Record<string, Lifecycle> = {};
  for (const folder of packagesBelow(api)) {
    const group = /GroupName = "([^"]*)"/.exec(readFileSync(join(api, folder, 'register.go'), 'utf8'))?.[1];
    const version = folder.split('/').at(-1) ?? '';
    if (group === undefined) continue;
    for (const name of FILES.filter((file) => existsSync(join(api, folder, file)))) {
      const source = readFileSync(join(api, folder, name), 'utf8');
      for (const kind of new Set(
        Array.from(source.matchAll(/^func \(in \*(\w+)\)/gm), ([, found = '']) => found),
      )) {
        const lifecycle = lifecycleOf(source, kind);
        if (!kind.endsWith('List') && lifecycle.deprecated !== undefined) {
          known[[group, version, kind].filter((part) => part !== '').join('/')] = lifecycle;
        }
      }
    }
  }
  return known;
}

function packagesBelow(api: string): string[] {
  return readdirSync(api, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('/register.go'))
    .map((path) => path.slice(0, -'/register.go'.length))
    .toSorted();
}

function lifecycleOf(source: string, kind: string): Lifecycle {
  const version = (method: string): string | undefined => {
    const [, major, minor] =
      new RegExp(`^func \\(in \\*${kind}\\) ${method}\\(\\) .*\\{\\n\\treturn (\\d+), (\\d+)`, 'm').exec(
        source,
      ) ?? [];
    return major === undefined ? undefined : `${major}.${minor}`;
  };
  const [, group = '', replacement, other] =
    new RegExp(
      `^func \\(in \\*${kind}\\) APILifecycleReplacement\\(\\) .*\\{\\n\\treturn .*Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"`,
      'm',
    ).exec(source) ?? [];
  const deprecated = version('APILifecycleDeprecated');
  const removed = version('APILifecycleRemoved');
  return {
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(removed === undefined ? {} : { removed }),
    ...(replacement === undefined
      ? {}
      : { use: [group, replacement, other].filter((part) => part !== '').join('/') }),
  };
}
