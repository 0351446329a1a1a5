import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { run } from '../../tools/run.ts';
import { until } from '../../up/until.ts';
import type { Host } from '../host.ts';
import { names } from './links.ts';

const entry = z.object({
  mailbox: z.string(),
  accepted: z.boolean(),
  told: z.string(),
  recipients: z.array(z.string()),
  messageId: z.string(),
});

export type LedgerEntry = z.infer<typeof entry>;

/** The names of Microsoft that outbox asks for by default. */
export const graphNames = ['login.microsoftonline.com', 'graph.microsoft.com'] as const;

export interface App {
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The fake Graph, in the network namespace that plays the internet. */
export class Internet {
  /** The certificate for Graph's names, which is its own authority; in PEM. */
  readonly ca: string;
  readonly #ledger: string;

  private constructor(ca: string, ledger: string) {
    this.ca = ca;
    this.#ledger = ledger;
  }

  static async start(host: Host, address: string, app: App): Promise<Internet> {
    const folder = host.path('internet');
    const cert = join(folder, 'cert.pem');
    const key = join(folder, 'key.pem');
    const ledgerFile = join(folder, 'ledger.jsonl');
    const alternatives = `subjectAltName=${graphNames.map((name) => `DNS:${name}`).join(',')}`;
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const subject = ['-subj', '/CN=email-relay-e2e', '-addext', alternatives, '-days', '2'];
    await run('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', cert], {
      cwd: folder,
    });
    const options = JSON.stringify({ address, cert, key, ledgerFile, app });
    const program = join(import.meta.dirname, '../client/internet.ts');
    const command = ['netns', 'exec', names.namespace, process.execPath, program, options];
    const running = host.start('internet', 'ip', command);
    const log = host.log('internet');
    await until('the fake Graph', async () => (/^ready$/m.test(log()) ? true : undefined), { of: running });
    return new Internet(readFileSync(cert, 'utf8'), ledgerFile);
  }

  /** What the fake Graph took, in order. */
  ledger(): LedgerEntry[] {
    if (!existsSync(this.#ledger)) return [];
    return readFileSync(this.#ledger, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => entry.parse(JSON.parse(line)));
  }

  /** Keeps the ledger for the report. */
  save(file: string): void {
    if (existsSync(this.#ledger)) writeFileSync(file, readFileSync(this.#ledger));
  }
}
