import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

import { credentialKeys, files } from '../../relay-src/outbox/contract.ts';
import type { OutboxConfig } from '../up/outbox.ts';
import type { Delivery } from '../up/pipeline.ts';
import { decrypted, usesExampleKey } from './secrets.ts';

const root = join(import.meta.dirname, '../..');

const configMap = z.object({ data: z.object({ 'outbox.yaml': z.string() }) });

const rendered = z.looseObject({
  allowedFrom: z.array(z.string()),
  transport: z.looseObject({ kind: z.literal('graph'), tenant: z.string(), clientId: z.string() }),
});

/** What outbox is run with, and who may send through it. */
export interface AsRendered {
  readonly delivery: Delivery;
  readonly sender: string;
  /** What is special about it, for the reader. */
  readonly note: string;
}

/**
 * The ConfigMap and the Secret that the cluster gets, for a Graph that knows this app registration: only places are
 * exchanged. In a fork, whose Secret is not ours to open, a configuration of our own.
 *
 * @param folder exists; gets the decrypted Secret
 */
export async function outboxAsRendered(folder: string, say: (line: string) => void): Promise<AsRendered> {
  if (!usesExampleKey()) {
    return {
      delivery: { kind: 'stand-in' },
      sender: 'app@sender.example',
      note: 'a configuration of our own',
    };
  }
  const file = join(root, 'dist/k8s/prod/15-configmap-outbox.yaml');
  const { data } = configMap.parse(parse(readFileSync(file, 'utf8')));
  const credentials = join(folder, 'credentials');
  const key = credentialKeys.clientSecret;
  const clientSecret = await decrypted('outbox-credentials', key, say);
  mkdirSync(credentials);
  writeFileSync(join(credentials, key), clientSecret);

  const config: OutboxConfig & z.infer<typeof rendered> = rendered.parse(
    parse(data['outbox.yaml'].replaceAll(files.credentials, credentials)),
  );
  const { tenant, clientId } = config.transport;
  const sender = config.allowedFrom.find((rule) => rule.includes('@')) ?? assert.fail('no address may send');
  return {
    delivery: { kind: 'stand-in', app: { tenant, clientId, clientSecret }, config },
    sender,
    note: 'the rendered ConfigMap and Secret',
  };
}
