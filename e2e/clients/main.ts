/**
 * `npm run clients`: real mail clients deliver through mx-validator, the real program in a process of its own.
 * A tap before it and a next hop behind it keep every octet, so that both sides can be compared.
 * Exit codes: 0 all passed, 1 a case failed, 2 could not run.
 */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import { Report } from '../smoke/report.ts';
import { ToolError } from '../tools/run.ts';
import { startTestDns } from '../up/dns.ts';
import { startMxValidator } from '../up/mx-validator.ts';
import { freePort } from '../up/ports.ts';
import { checkDelivery } from './check.ts';
import type { Client } from './client.ts';
import { curl } from './curl.ts';
import { msmtp } from './msmtp.ts';
import { requirePrograms, requireRoot } from '../tools/needs.ts';
import { nodemailer } from './nodemailer.ts';
import { postfix } from './postfix.ts';
import { startKeepingSink } from './sink.ts';
import type { KeepingSink } from './sink.ts';
import { smtplib } from './smtplib.ts';
import { stories } from './stories.ts';
import type { Story } from './stories.ts';
import { swaks } from './swaks.ts';
import { startTap } from './tap.ts';
import type { Tap } from './tap.ts';

const clients = [swaks, curl, msmtp, smtplib, nodemailer, postfix];

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  await requirePrograms('curl', 'msmtp', 'postfix', 'python3', 'swaks');
  requireRoot('Postfix does not start otherwise');
  const report = new Report(say);
  const log: string[] = [];
  await withRelay(log, async (tap, sink) => {
    for (const story of stories()) {
      for (const client of clients) {
        await report.case(title(client, story), () => deliver(client, story, tap, sink));
      }
    }
  });
  if (report.failed > 0) say(log.join('\n'));
  say(`\n${report.closing()}`);
  process.exitCode = report.failed > 0 ? 1 : 0;
}

/** Runs `body` with client, relay and next hop in a row; keeps what the relay prints. */
async function withRelay(log: string[], body: (tap: Tap, sink: KeepingSink) => Promise<void>): Promise<void> {
  await using closing = new AsyncDisposableStack();
  const dns = closing.adopt(await startTestDns(), (one) => one.stop());
  const sink = closing.adopt(await startKeepingSink(), (one) => one.stop());
  const smtpPort = await freePort(0, 'mx-validator', say);
  const relay = await startMxValidator({
    smtpPort,
    metricsPort: await freePort(0, 'its metrics page', say),
    upstreamPort: sink.port,
    dnsServers: dns.servers,
    onLine: (line) => log.push(line),
  });
  closing.defer(() => relay.stop());
  const tap = closing.adopt(await startTap(smtpPort), (one) => one.stop());
  await body(tap, sink);
}

function title({ name, lacks }: Client, { name: story, needs }: Story): string {
  if (needs === undefined || !lacks.includes(needs.ability)) return `${name}: ${story}`;
  return `${name}: ${story} (cannot do ${needs.ability}: ${needs.else === 'refused' ? 'refused' : 'delivered without'})`;
}

async function deliver(client: Client, { mail, needs }: Story, tap: Tap, sink: KeepingSink): Promise<void> {
  const { accepted, transcript } = await client.send(mail, tap.port);
  const { transactions, pipelined } = tap.take();
  const arrived = sink.take();
  const able = needs === undefined || !client.lacks.includes(needs.ability);
  if (!able && needs.else === 'refused') {
    assert(!accepted, `the client took the mail for delivered:\n${transcript}`);
    assert.match(transcript, /553 5\.6\.7 /);
    assert.deepEqual(arrived, []);
    return;
  }
  assert(accepted, transcript);
  const used = { ...checkDelivery(mail, transactions, arrived), PIPELINING: pipelined };
  if (needs !== undefined) {
    assert.equal(
      used[needs.ability],
      able,
      `whether it uses ${needs.ability} is not what ${client.name}'s file says`,
    );
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ToolError ? error.message : inspect(error)}\n`);
  process.exitCode = 2;
});
