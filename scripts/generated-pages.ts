import { format, resolveConfig } from 'prettier';
import { consequencesPage } from '../app/diff/docs.ts';
import { settingsReference } from '../app/setting-docs.ts';
import { checksPage } from '../checks/docs.ts';
import { outboxConfigPage } from '../relay-src/outbox/config-page.ts';
import { outcomesPage } from '../relay-src/outbox/graph/outcomes-page.ts';
import { outboxReferencePage } from '../relay-src/outbox/reference-page.ts';
import { rulesPage } from '../relay-src/smtp/rules-page.ts';

const PAGES: Record<string, () => string> = {
  'docs/settings.md': settingsReference,
  'docs/checks.md': checksPage,
  'docs/consequences.md': consequencesPage,
  'docs/rfc.md': rulesPage,
  'docs/outbox-config.md': outboxConfigPage,
  'docs/outbox-reference.md': outboxReferencePage,
  'docs/graph-outcomes.md': outcomesPage,
};

/** The reference pages that are made from the code: path and text, formatted as the rest of the repository. */
export async function generatedPages(): Promise<[file: string, text: string][]> {
  const options = await resolveConfig(import.meta.filename);
  return Promise.all(
    Object.entries(PAGES).map(async ([file, page]): Promise<[string, string]> => [
      file,
      await format(page(), { ...options, parser: 'markdown' }),
    ]),
  );
}
