/**
 * `node scripts/bundle.ts PROGRAM FOLDER`: writes a program of relay-src/ with all packages that it uses as one
 * file, `FOLDER/PROGRAM.mjs`, and their licences as `FOLDER/THIRD-PARTY-NOTICES.txt`. Its container image is
 * made of these two. Exit codes: 0 written, 1 it does not bundle, 2 wrong usage.
 *
 * The same sources and packages give the same bytes, wherever they lie.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Where Node lies in the images: an executable bundle is a command there. */
const interpreter = '#!/usr/local/bin/node';

/** Packages in CommonJS form call `require` for Node's own modules; an ES module has none until it makes one. */
const requireForPackages =
  "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);";

async function main([program, folder, ...more]: string[]): Promise<void> {
  if (program === undefined || folder === undefined || more.length > 0) {
    process.stderr.write('usage: node scripts/bundle.ts PROGRAM FOLDER\n');
    process.exitCode = 2;
    return;
  }
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`relay-src/${program}/main.ts`],
    outfile: join(folder, `${program}.mjs`),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: `${interpreter}\n${requireForPackages}` },
    // In full in the notices.
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES.txt'), notices(packageFolders(metafile)));
}

/** The folders, relative to the root, of the packages that a bundle has code of; sorted. */
function packageFolders({ outputs }: Metafile): string[] {
  const used = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]),
  );
  return [...new Set(used)].filter((folder) => folder !== undefined).toSorted();
}

/** Name, version and licence of each package, with the texts that its licence wants to be passed on. */
function notices(folders: readonly string[]): string {
  const chapters = folders.map((folder) => {
    const { name, version, license } = readManifest(join(root, folder, 'package.json'));
    const files = readdirSync(join(root, folder)).filter((file) =>
      /^(licen[cs]e|notice|copying)/i.test(file),
    );
    if (files.length === 0) throw new Error(`${folder} has no licence file`);
    const texts = files.toSorted().map((file) => readFileSync(join(root, folder, file), 'utf8').trim());
    return [`${name} ${version} (${license})`, ...texts].join('\n\n');
  });
  return `${chapters.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

function readManifest(file: string): Record<'name' | 'version' | 'license', string> {
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const text = (key: string): string => {
    const value: unknown = typeof manifest === 'object' ? Reflect.get(manifest ?? {}, key) : undefined;
    if (typeof value !== 'string') throw new Error(`${file} has no ${key}`);
    return value;
  };
  return { name: text('name'), version: text('version'), license: text('license') };
}

await main(process.argv.slice(2));
