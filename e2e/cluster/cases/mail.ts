import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import type { Report } from '../../smoke/report.ts';
import { findMail } from '../../smoke/mailpit-api.ts';
import { until } from '../../up/until.ts';
import type { Clients, Place, Sent } from '../client/pods.ts';
import type { Internet } from '../node/internet.ts';
import { podProcesses } from '../node/cgroups.ts';
import { containerStatuses, readyTime } from '../node/relay-pod.ts';
import type { RelayPod } from '../node/relay-pod.ts';

/** User and password of Mailpit's UI: one's own, or those of the published example. */
const login = process.env['MAILPIT_LOGIN'] ?? 'admin:email-relay-example';
const authorization = `Basic ${Buffer.from(login).toString('base64')}`;

export interface MailWorld {
  readonly clients: Clients;
  /** A pod in a namespace that may send. */
  readonly sender: Place;
  /** The relay's name in the cluster and its port, as an application has it. */
  readonly relay: string;
  /** An address that may send. */
  readonly from: string;
  readonly pod: RelayPod;
  readonly internet: Internet;
}

/** The pod itself: all of it ready in time, and nothing of it as root. */
export async function podCases(report: Report, { pod }: Pick<MailWorld, 'pod'>): Promise<void> {
  await report.case('all containers of the pod are ready within a minute', async () => {
    const running = await pod.ready();
    const took = ((readyTime(running) ?? NaN) - Date.parse(running.metadata.creationTimestamp ?? '')) / 1000;
    const statuses = containerStatuses(running);
    assert.equal(statuses.length, 3);
    assert.deepEqual(
      statuses.filter(({ restartCount }) => restartCount > 0),
      [],
    );
    assert(took <= 60, `it took ${took} s`);
  });
  await report.case('none of its processes is root, has a capability, or can write to its root', async () => {
    const { metadata } = await pod.ready();
    const processes = podProcesses(metadata.uid ?? '').filter(
      (pid) => !readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('pause'),
    );
    assert(processes.length >= 3, `found ${processes.length} processes`);
    for (const pid of processes) {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      assert.match(status, /^Uid:(\t10001){4}$/m);
      assert.match(status, /^CapEff:\t0+$/m);
      assert.match(status, /^NoNewPrivs:\t1$/m);
      assert.match(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'), /^\d+ \d+ \S+ \S+ \/ ro[, ]/m);
    }
  });
}

/** A mail from an application's pod, through the cluster's DNS and its Service. */
export async function mailCases(report: Report, world: MailWorld): Promise<void> {
  const { clients, sender, relay, from, pod, internet } = world;
  const send = async (to: string, subject: string): Promise<Sent | undefined> =>
    (await clients.send(sender, relay, { from, to, subject }))[0];

  await report.case(
    'a mail from an allowed namespace is in Mailpit, and in the ledger of Graph',
    async () => {
      const sent = await send('you@good.example', 'e2e-first');
      assert.match(sent?.reply ?? String(sent?.why), /^250 /);
      const stored = await findMail(`http://${await pod.address()}:8025`, 'e2e-first', {
        authorization,
      });
      assert.deepEqual([stored.from, stored.to], [from, ['you@good.example']]);
      const entry = await until('the mail in the ledger', async () =>
        internet.ledger().find(({ messageId }) => messageId.includes('e2e-first@')),
      );
      assert.deepEqual([entry.mailbox, entry.recipients, entry.accepted], [from, ['you@good.example'], true]);
    },
  );

  const refusals = [
    { what: 'that does not exist', to: 'you@gone.example', reply: /^550 5\.1\.2 / },
    { what: 'that takes no mail', to: 'you@null.example', reply: /^556 5\.1\.10 / },
    { what: 'that nobody can tell about', to: 'you@trouble.example', reply: /^451 4\.4\.3 / },
  ];
  for (const { what, to, reply } of refusals) {
    await report.case(
      `a mail to a domain ${what} is refused with ${reply.source.slice(1).replaceAll('\\', '')}`,
      async () => {
        const sent = await send(to, 'e2e-refused');
        assert.match(sent?.reply ?? String(sent?.why), reply);
      },
    );
  }
}

/** How long one call of the client sends, one mail after the other, while the pod is replaced. */
const burstSeconds = 5;

/** Every mail that got a 250 while the pod was replaced is in the ledger; clients saw nothing worse than a 4xx. */
export async function rolloutCases(
  report: Report,
  { clients, sender, relay, from, internet, pod }: MailWorld,
  rollOut: () => Promise<void>,
): Promise<void> {
  const sent: Sent[] = [];
  const burst = async (): Promise<void> => {
    const mail = { from, to: 'you@good.example', subject: `e2e-rollout-${sent.length}` };
    sent.push(...(await clients.send(sender, relay, mail, burstSeconds)));
  };
  await report.case('a rollout under continuous mail replaces the pod', async () => {
    const before = (await pod.ready()).metadata.uid;
    const over = new AbortController();
    const rolling = rollOut().finally(() => over.abort());
    const sending = (async () => {
      do await burst();
      while (!over.signal.aborted);
    })();
    await Promise.all([rolling, sending]);
    assert.notEqual((await pod.ready()).metadata.uid, before, 'it is the same pod');
    await burst();
    assert.match(sent.at(-1)?.reply ?? String(sent.at(-1)?.why), /^250 /, 'the last mail was not accepted');
  });
  const accepted = sent.filter(({ reply }) => reply?.startsWith('250 '));
  await report.case(
    `each of ${accepted.length} mails with a 250 is in the ledger, of ${sent.length} that were tried`,
    async () => {
      assert(accepted.length > 0);
      await until(
        'the last mail in the ledger',
        async () => (missing(accepted, internet).length === 0 ? true : undefined),
        {
          seconds: 60,
        },
      ).catch(() => assert.deepEqual(missing(accepted, internet), []));
    },
  );
  await report.case('meanwhile clients saw only 4xx, or no connection', async () => {
    const others = sent.filter(({ reply }) => reply !== undefined && !/^[24]\d\d/.test(reply));
    assert.deepEqual(others, []);
  });
}

function missing(accepted: readonly Sent[], internet: Internet): string[] {
  const ledger = internet.ledger().filter((entry) => entry.accepted);
  const ids = new Set(ledger.map(({ messageId }) => messageId.replaceAll(/[<>]/g, '')));
  return accepted.map(({ subject }) => subject).filter((subject) => !ids.has(`${subject}@e2e.example`));
}
