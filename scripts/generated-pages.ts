import { format, resolveConfig } from 'prettier';
import { consequencesPage } from '../app/diff/docs.ts';
import { settingsReference } from '../app/setting-docs.ts';
import { checksPage } from '../checks/docs.ts';
import { outboxConfigPage } from '../relay-src/outbox/config-page.ts';
import { outcomesPage } from '../relay-src/outbox/graph/outcomes-page.ts';
import { outboxReferencePage } from '../relay-src/outbox/reference-page.ts';
import { rulesPage } from '../relay-src/smtp/rules-page.ts';
import { wasmModule } from './wasm-module.ts';

const PAGES: Record<string, () => string | Promise<string>> = {
  'docs/settings.md': settingsReference,
  'docs/checks.md': checksPage,
  'docs/consequences.md': consequencesPage,
  'docs/rfc.md': rulesPage,
  'docs/outbox-config.md': outboxConfigPage,
  'docs/outbox-reference.md': outboxReferencePage,
  'docs/graph-outcomes.md': outcomesPage,
  'relay-src/smtp/plain-lines.wasm.ts': () =>
    wasmModule('relay-src/smtp/plain-lines.wat', 'plainLinesModule'),
};

/** The files that are made from others, most of them reference pages: path and text, formatted as the rest of the repository. */
export async function generatedPages(): Promise<[file: string, text: string][]> {
  const options = await resolveConfig(import.meta.filename);
  return Promise.all(
    Object.entries(PAGES).map(async ([file, page]): Promise<[string, string]> => [
      file,
      await format(await page(), { ...options, filepath: file }),
    ]),
  );
}
