/** What each program promises that the other does not, tried in its running container. */
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

import * as mxValidator from '../../relay-src/mx-validator/contract.ts';
import * as outbox from '../../relay-src/outbox/contract.ts';
import type { Report } from '../smoke/report.ts';
import { until } from '../up/until.ts';
import type { Container, Folders, Runc } from './container.ts';
import type { Rendered } from './deployment.ts';
import { probe } from './run-cases.ts';

/** Nothing listens where its next hop should. */
export async function mxValidatorCases(
  report: Report,
  container: Container,
  { env }: Rendered,
): Promise<void> {
  const { environment, paths, ports } = mxValidator;
  const sender = env[environment.allowedSenders]?.split(',')[0] ?? '';
  await report.case('EHLO is answered with 250, MAIL with 451 while there is no next hop', async () => {
    const dialogue = ['EHLO client.example', `MAIL FROM:<${sender}>`, 'QUIT'];
    const replies = await probe(container, 'smtp', ports.smtp, ...dialogue);
    assert.match(replies, /^220 .*\n(?:250-.*\n)*250 .*\n451 4\.3\.0 .*\n221 /);
  });

  await report.case(`${paths.ready} says so too`, async () => {
    assert.match(await probe(container, 'http', ports.metrics, paths.ready), /^503$/m);
  });
}

/** It has no network: what it accepts waits. */
export async function outboxCases(
  report: Report,
  runc: Runc,
  container: Container,
  folders: Folders,
): Promise<void> {
  const { paths, ports } = outbox;
  const sender = allowedSender(folders);
  await report.case(`${paths.ready}: the spool is its own, and can be written to`, async () => {
    // As the startup probe does: /healthz answers before the spool is open.
    await until('a spool that is open', async () => {
      assert.match(await probe(container, 'http', ports.metrics, paths.ready), /^200$/m);
      return true;
    });
  });

  let id = '';
  await report.case('a message is answered with 250 and its queue id', async () => {
    const replies = await probe(
      container,
      'smtp',
      ports.smtp,
      'EHLO mx-validator.example',
      `MAIL FROM:<${sender}>`,
      'RCPT TO:<guest@example.com>',
      'DATA',
      `From: ${sender}\r\nTo: guest@example.com\r\nSubject: Hello\r\n\r\nHello\r\n.`,
      'QUIT',
    );
    id = /^250 2\.0\.0 .*?(\w+)\n221 /m.exec(replies)?.[1] ?? assert.fail(replies);
  });

  await report.case('kubectl exec … -- outbox list shows it', async () => {
    const list = await runc.exec(container, 'outbox', 'list');
    assert(list.includes(id) && list.includes('queued'), list);
  });
}

/** An address that the rendered configuration lets send. */
function allowedSender(folders: Folders): string {
  const file = join(folders.get('outbox-config') ?? '', 'outbox.yaml');
  const { allowedFrom } = z
    .object({ allowedFrom: z.array(z.string()) })
    .parse(parse(readFileSync(file, 'utf8')));
  const [rule = ''] = allowedFrom;
  return rule.includes('@') ? rule : `app@${rule}`;
}

const configMap = z.object({ data: z.record(z.string(), z.string()) });
const secret = z.object({ stringData: z.record(z.string(), z.string()) });

/** Folders for all that the rendered Deployment mounts into outbox; the Secret's values are not the real ones. */
export function outboxFolders(root: string, folder: string, { uid, gid }: Rendered): Folders {
  const manifest = (file: string): unknown => parse(readFileSync(join(root, 'dist/k8s/prod', file), 'utf8'));
  const { data } = configMap.parse(manifest('15-configmap-outbox.yaml'));
  const { stringData } = secret.parse(manifest('15-secret-outbox-credentials.enc.yaml'));
  const filesOf = {
    'outbox-config': data,
    'outbox-credentials': Object.fromEntries(Object.keys(stringData).map((key) => [key, 'example'])),
    'outbox-data': {},
  };
  return new Map(
    Object.entries(filesOf).map(([name, files]) => {
      const path = join(folder, name);
      mkdirSync(path);
      for (const [key, text] of Object.entries(files)) writeFileSync(join(path, key), text);
      if (name === 'outbox-data') chownSync(path, uid, gid);
      return [name, path];
    }),
  );
}
