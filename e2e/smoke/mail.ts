import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { paths } from '../../relay-src/mx-validator/contract.ts';
import { paths as outboxPaths } from '../../relay-src/outbox/contract.ts';
import { runClient } from '../clients/client.ts';
import type { Client, Mail } from '../clients/client.ts';
import { curl } from '../clients/curl.ts';
import { msmtp } from '../clients/msmtp.ts';
import { swaks } from '../clients/swaks.ts';
import { tool } from '../tools/tools.ts';
import { startTestDns } from '../up/dns.ts';
import { startPipeline } from '../up/pipeline.ts';
import type { Pipeline } from '../up/pipeline.ts';
import { loopback } from '../up/ports.ts';
import { until } from '../up/until.ts';
import { countMails, findMail } from './mailpit-api.ts';
import { outboxAsRendered } from './outbox-as-rendered.ts';
import type { Report } from './report.ts';

const clients = [swaks, curl, msmtp];

/** Why a recipient is refused, each tried by another real client. */
const refusals: { recipient: string; client: Client; why: string; reply: string }[] = [
  { recipient: 'a@gone.example', client: swaks, why: 'its domain does not exist', reply: '550 5.1.2' },
  { recipient: 'a@null.example', client: curl, why: 'its domain takes no mail', reply: '556 5.1.10' },
  { recipient: 'a@trouble.example', client: msmtp, why: 'DNS is in trouble', reply: '451 4.4.3' },
];

/**
 * Real clients send through the whole chain: mx-validator, outbox, and a Graph that keeps a ledger, with a copy in a
 * real Mailpit. DNS is a real server that serves test zones.
 */
export async function mailCases(report: Report, say: (line: string) => void): Promise<void> {
  const mailpit = await tool('mailpit', say);
  const dns = await startTestDns();
  const log: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'email-relay-smoke-'));
  let pipeline: Pipeline | undefined;
  const before = report.failed;
  try {
    const { delivery, sender, note } = await outboxAsRendered(folder, say);
    say(`outbox runs with ${note}`);
    pipeline = await startPipeline({
      delivery,
      mailpit,
      dnsServers: dns.servers,
      ports: { smtp: 0, ui: 0, metrics: 0, outbox: 0, outboxMetrics: 0, copy: 0 },
      say: () => {},
      onLine: (program, line) => log.push(`${program} | ${line}`),
    });
    await runCases(report, pipeline, sender);
  } finally {
    await pipeline?.stop();
    await dns.stop();
    rmSync(folder, { recursive: true });
    if (pipeline === undefined || report.failed > before) say(log.join('\n'));
  }
}

async function runCases(report: Report, pipeline: Pipeline, sender: string): Promise<void> {
  const { smtpPort, destination } = pipeline;
  const ui = destination.ui ?? assert.fail('Mailpit has no API');
  const ledger = (pipeline.graph ?? assert.fail('mail would leave this machine')).ledger;

  for (const client of clients) {
    await report.case(
      `${client.name}: a mail to two recipients is sent by Graph, and found in Mailpit`,
      async () => {
        const mail = exampleMail(client, sender, ['first@good.example', 'second@good.example']);
        const { accepted, transcript } = await client.send(mail, smtpPort);
        assert(accepted, transcript);
        const { subject, body: text, from, to } = mail;
        assert.deepEqual(await findMail(ui, subject), { subject, text, from, to });
      },
    );
  }

  for (const { recipient, client, why, reply } of refusals) {
    await report.case(`${client.name}: ${recipient} is refused with ${reply}, ${why}`, async () => {
      const { accepted, transcript } = await client.send(exampleMail(client, sender, [recipient]), smtpPort);
      assert(!accepted, `the client took the mail for delivered:\n${transcript}`);
      assert(transcript.includes(`${reply} `), transcript);
    });
  }

  await report.case('Graph has each accepted mail once, for its recipients, and no other', async () => {
    await until(
      'every mail in the ledger',
      async () => ledger.accepted.length >= clients.length || undefined,
    );
    const sent = ledger.accepted.map(({ mailbox, recipients }) => ({
      mailbox,
      recipients: recipients.toSorted(),
    }));
    const expected = { mailbox: sender, recipients: ['first@good.example', 'second@good.example'] };
    assert.deepEqual(
      sent,
      clients.map(() => expected),
    );
  });

  await report.case('Mailpit has the copies and no other', async () => {
    assert.equal(await countMails(ui), clients.length);
  });

  await troubleCases(report, pipeline, sender);
  await metricsCases(report, pipeline);
}

/** An administrator takes the consent back: mail is accepted, waits, is seen, and goes out when told to. */
async function troubleCases(
  report: Report,
  { smtpPort, outbox, graph }: Pipeline,
  sender: string,
): Promise<void> {
  if (graph === undefined) return;
  let id = '';
  await report.case(
    'while Graph refuses the app, mail is accepted, and outbox list shows why it waits',
    async () => {
      graph.consent = false;
      const mail = { ...exampleMail(swaks, sender, ['late@good.example']), subject: 'Later' };
      const { accepted, transcript } = await swaks.send(mail, smtpPort);
      assert(accepted, transcript);
      const line = await until('the first attempt', async () =>
        (await outbox.command('list')).split('\n').find((row) => row.includes('ErrorAccessDenied')),
      );
      assert.match(line, /queued .* late@good\.example /);
      id = line.split(' ')[0] ?? '';
    },
  );

  await report.case('outbox retry sends it once Graph agrees again', async () => {
    graph.consent = true;
    await outbox.command('retry', id);
    const taken = () =>
      graph.ledger.accepted.filter(({ recipients }) => recipients.includes('late@good.example'));
    await until('the mail in the ledger', async () => taken().length > 0 || undefined);
    assert.equal(taken().length, 1);
    assert(!(await outbox.command('list')).includes(id), 'it is still listed');
  });
}

async function metricsCases(report: Report, { metricsPort, outbox }: Pipeline): Promise<void> {
  const programs = [
    { name: 'mx-validator', prefix: 'mx_validator_', port: metricsPort, path: paths.metrics },
    { name: 'outbox', prefix: 'outbox_', port: outbox.metricsPort, path: outboxPaths.metrics },
  ];
  for (const { name, prefix, port, path } of programs) {
    await report.case(`promtool finds nothing wrong with the metrics of ${name}`, async () => {
      const response = await fetch(`http://${loopback}:${port}${path}`);
      // Those of Node itself (nodejs_*, process_*) are named by prom-client.
      const ours = (await response.text()).split('\n').filter((line) => line.includes(prefix));
      const { accepted, transcript } = await runClient(
        'promtool',
        ['check', 'metrics'],
        `${ours.join('\n')}\n`,
      );
      assert(ours.length > 0, 'there are none');
      assert(accepted, transcript);
    });
  }
}

function exampleMail(client: Client, from: string, to: readonly string[]): Mail {
  return { from, to, subject: `Hello from ${client.name}`, body: `Sent by ${client.name}.` };
}
