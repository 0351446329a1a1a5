import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

import { tool } from '../tools/tools.ts';
import { freePort, loopback } from '../up/ports.ts';
import { startProgram } from '../up/process.ts';
import type { Running } from '../up/process.ts';
import { answers, until } from '../up/until.ts';
import type { Report } from './report.ts';
import { decrypted, keyIsTheirs, usesExampleKey } from './secrets.ts';

const root = join(import.meta.dirname, '../..');
const example = { user: 'admin', password: 'email-relay-example' };

/**
 * Real Mailpit with the environment and the Secret that the Deployment gives it, only folders and ports exchanged:
 * it starts, answers its probes and its metrics, asks for a login, and cannot be made to send.
 */
export async function mailpitAsRenderedCases(report: Report, say: (line: string) => void): Promise<void> {
  if (!usesExampleKey()) return say(keyIsTheirs);
  const folder = mkdtempSync(join(tmpdir(), 'mailpit-'));
  let mailpit: Running | undefined;
  const lines: string[] = [];
  try {
    const ports = { smtp: await port(), http: await port(), metrics: await port() };
    await writeAuthFiles(folder, say);
    mailpit = startProgram({
      name: 'mailpit',
      command: await tool('mailpit', say),
      args: [],
      env: renderedEnvironment(folder, ports),
      onLine: (line) => lines.push(line),
    });
    const ui = `http://${loopback}:${ports.http}`;
    const running = mailpit;
    await report.case('Mailpit becomes ready with the rendered environment', async () => {
      await until('Mailpit', answers(`${ui}/readyz`), { of: running });
      await answers(`${ui}/livez`)();
      await answers(`http://${loopback}:${ports.metrics}/metrics`)();
    });
    await report.case('its web UI and API ask for the login of mailpit-auth', async () => {
      assert.equal(await status(`${ui}/api/v1/messages`), 401);
      assert.equal(await status(`${ui}/api/v1/messages`, { headers: basic(example) }), 200);
    });
    await report.case('nobody sends through it past mx-validator', async () => {
      const body = JSON.stringify({ From: { Email: 'a@b.example' }, To: [{ Email: 'c@d.example' }] });
      for (const headers of [{}, basic(example)]) {
        assert.equal(await status(`${ui}/api/v1/send`, { method: 'POST', body, headers }), 401);
      }
    });
  } catch (error) {
    say(lines.join('\n'));
    throw error;
  } finally {
    await mailpit?.stop();
    rmSync(folder, { recursive: true });
  }
}

const port = (): Promise<number> => freePort(0, 'Mailpit', () => {});

async function writeAuthFiles(folder: string, say: (line: string) => void): Promise<void> {
  for (const key of ['auth', 'send-api-auth']) {
    writeFileSync(join(folder, key), await decrypted('mailpit-auth', key, say));
  }
}

interface RenderedContainer {
  readonly name: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

function renderedEnvironment(
  folder: string,
  ports: { smtp: number; http: number; metrics: number },
): NodeJS.ProcessEnv {
  const deployment: { spec: { template: { spec: { containers: RenderedContainer[] } } } } = parse(
    readFileSync(join(root, 'dist/k8s/prod/20-deployment.yaml'), 'utf8'),
  );
  const container = deployment.spec.template.spec.containers.find(({ name }) => name === 'mailpit');
  const exchanged = (value: string): string =>
    value
      .replace(/^\/(data|auth)(?=\/|$)/, folder)
      .replace(/:1025$/, `:${ports.smtp}`)
      .replace(/:8025$/, `:${ports.http}`)
      .replace(/:9091$/, `:${ports.metrics}`);
  return Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, exchanged(value)]));
}

function basic({ user, password }: typeof example): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

async function status(url: string, init: RequestInit = {}): Promise<number> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5000) });
  await response.body?.cancel();
  return response.status;
}
