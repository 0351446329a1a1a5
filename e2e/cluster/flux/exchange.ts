import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

import { files } from '../../../relay-src/outbox/contract.ts';
import type { Checkout } from './repository.ts';

/**
 * The one thing in which what runs here differs from `dist/` as committed: outbox trusts the authority of the fake
 * Graph. Where Graph is, and the credentials, stay: DNS leads the public names here, and the fake Graph knows the
 * example's app registration.
 *
 * @returns the difference, for the report; empty where delivery is not by outbox.
 */
export async function trustTheFakeGraph(checkout: Checkout, ca: string): Promise<string> {
  const [file] = globSync('dist/k8s/*/15-configmap-*.yaml', { cwd: checkout.folder });
  if (file === undefined) return '';
  const path = join(checkout.folder, file);
  const document = parseDocument(readFileSync(path, 'utf8'));
  const [folder, name] = [
    files.config.slice(0, files.config.lastIndexOf('/')),
    files.config.split('/').at(-1) ?? '',
  ];
  const configuration = parseDocument(String(document.getIn(['data', name])));
  configuration.setIn(['transport', 'ca'], `${folder}/graph-ca.pem`);
  document.setIn(['data', name], configuration.toString({ lineWidth: 0 }));
  document.setIn(['data', 'graph-ca.pem'], ca);
  writeFileSync(path, document.toString({ lineWidth: 0 }));
  const difference = await checkout.git('diff');
  await checkout.commit('Trust the stand-in for Microsoft Graph');
  return difference;
}
