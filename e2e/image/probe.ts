/**
 * Talks to a program on loopback and prints what it answers. Started in the network namespace of a container,
 * which no other process can reach: `node probe.ts smtp PORT COMMAND…` or `node probe.ts http PORT PATH`.
 */
import assert from 'node:assert/strict';

import { RawClient } from '../../relay-src/testing/raw-client.ts';
import { loopback } from '../up/ports.ts';
import { until } from '../up/until.ts';

/** The greeting and the reply to each command. */
async function smtp(port: number, commands: readonly string[]): Promise<string[]> {
  const client = await until('the SMTP port', () => RawClient.connect(port));
  const replies = await client.reply();
  for (const command of commands) replies.push(...(await client.ask(command)));
  client.close();
  return replies;
}

/** The status, then the body. */
async function http(port: number, path: string): Promise<string[]> {
  const response = await until('the HTTP port', () => fetch(`http://${loopback}:${port}${path}`));
  return [String(response.status), await response.text()];
}

const [protocol, port, ...rest] = process.argv.slice(2);
assert(protocol === 'smtp' || protocol === 'http');
const answer = await (protocol === 'smtp' ? smtp(Number(port), rest) : http(Number(port), rest[0] ?? '/'));
process.stdout.write(`${answer.join('\n')}\n`);
