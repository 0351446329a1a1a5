import assert from 'node:assert/strict';

import { paths } from '../../relay-src/mx-validator/contract.ts';
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
import { countMails, findMail } from './mailpit-api.ts';
import type { Report } from './report.ts';

const clients = [swaks, curl, msmtp];

/** Why a recipient is refused, each tried by another real client. */
const refusals: { recipient: string; client: Client; why: string; reply: string }[] = [
  { recipient: 'a@gone.example', client: swaks, why: 'its domain does not exist', reply: '550 5.1.2' },
  { recipient: 'a@null.example', client: curl, why: 'its domain takes no mail', reply: '556 5.1.10' },
  { recipient: 'a@trouble.example', client: msmtp, why: 'DNS is in trouble', reply: '451 4.4.3' },
];

/** Real clients send through mx-validator to Mailpit, with a real DNS server that serves test zones. */
export async function mailCases(report: Report, say: (line: string) => void): Promise<void> {
  const mailpit = await tool('mailpit', say);
  const dns = await startTestDns();
  const log: string[] = [];
  let pipeline: Pipeline | undefined;
  const before = report.failed;
  try {
    pipeline = await startPipeline({
      mailpit,
      dnsServers: dns.servers,
      ports: { smtp: 0, ui: 0, metrics: 0, upstream: 0 },
      say: () => {},
      onLine: (program, line) => log.push(`${program} | ${line}`),
    });
    await runCases(report, pipeline);
  } finally {
    await pipeline?.stop();
    await dns.stop();
    if (pipeline === undefined || report.failed > before) say(log.join('\n'));
  }
}

async function runCases(report: Report, { smtpPort, metricsPort, destination }: Pipeline): Promise<void> {
  const ui = destination.ui ?? assert.fail('Mailpit has no API');

  for (const client of clients) {
    await report.case(`${client.name}: a mail to two recipients is found in Mailpit`, async () => {
      const mail = exampleMail(client, ['first@good.example', 'second@good.example']);
      const { accepted, transcript } = await client.send(mail, smtpPort);
      assert(accepted, transcript);
      const { subject, body: text, from, to } = mail;
      assert.deepEqual(await findMail(ui, subject), { subject, text, from, to });
    });
  }

  for (const { recipient, client, why, reply } of refusals) {
    await report.case(`${client.name}: ${recipient} is refused with ${reply}, ${why}`, async () => {
      const { accepted, transcript } = await client.send(exampleMail(client, [recipient]), smtpPort);
      assert(!accepted, `the client took the mail for delivered:\n${transcript}`);
      assert(transcript.includes(`${reply} `), transcript);
    });
  }

  await report.case('Mailpit has the accepted mails and no other', async () => {
    assert.equal(await countMails(ui), clients.length);
  });

  await report.case('promtool finds nothing wrong with our metrics', async () => {
    const response = await fetch(`http://${loopback}:${metricsPort}${paths.metrics}`);
    // Those of Node itself (nodejs_*, process_*) are named by prom-client.
    const ours = (await response.text()).split('\n').filter((line) => line.includes('mx_validator_'));
    const { accepted, transcript } = await runClient(
      'promtool',
      ['check', 'metrics'],
      `${ours.join('\n')}\n`,
    );
    assert(ours.length > 0, 'there are none');
    assert(accepted, transcript);
  });
}

function exampleMail(client: Client, to: readonly string[]): Mail {
  return {
    from: 'app@sender.example',
    to,
    subject: `Hello from ${client.name}`,
    body: `Sent by ${client.name}.`,
  };
}
