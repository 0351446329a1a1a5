/** A start with a full spool: how long until mail is accepted, and how much memory the queue holds. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { folders, formatText, Layout, newId } from '../../relay-src/outbox/spool/layout.ts';
import { firstRecord, formatRecord } from '../../relay-src/outbox/spool/message-file.ts';
import { freePort, greets } from '../load.ts';
import { Program } from '../program.ts';
import type { QueuePeer } from './peer.ts';

export interface Start {
  /** Seconds from the start of the process to its greeting. */
  readonly seconds: number;
  /** CPU seconds until then: what the time is on a machine that does nothing else. */
  readonly cpu: number;
  /** Octets, once the queue is at rest. */
  readonly resident: number;
  readonly peak: number;
}

/** Milliseconds after the greeting: the first attempts are over. */
const settled = 3000;

/** Starts it with so many messages of 1,000 mailboxes in its queue. */
export async function measureStart(
  disk: string,
  prefix: readonly string[],
  messages: number,
  peer: QueuePeer,
): Promise<Start> {
  const folder = mkdtempSync(join(disk, 'bench-start-'));
  let program: Program | undefined;
  try {
    fill(new Layout(join(folder, 'spool')), messages);
    const listenPort = await freePort();
    const begun = performance.now();
    program = new Program(peer.start({ folder, listenPort }), prefix, join(folder, 'output'));
    const ended = await Promise.race([greets(listenPort, 120), program.ended]);
    if (ended !== undefined) throw new Error(`it ended: ${ended}\n${program.lastWords()}`);
    const seconds = (performance.now() - begun) / 1000;
    const { cpu } = program.usage();
    await sleep(settled);
    const { peak, resident } = program.usage();
    return { seconds, cpu, resident, peak };
  } finally {
    await program?.stop();
    rmSync(folder, { recursive: true });
  }
}

function fill(layout: Layout, messages: number): void {
  for (const folder of folders) mkdirSync(layout.folder(folder), { recursive: true });
  writeFileSync(layout.file('format'), formatText);
  const body = Buffer.from('From: <sender@ok.test>\r\nSubject: waiting\r\n\r\nHello\r\n');
  const sha256 = createHash('sha256').update(body).digest('hex');
  for (let i = 0; i < messages; i += 1) {
    const id = newId();
    const mailbox = `sender${i % 1000}@ok.test`;
    const message = firstRecord(
      id,
      {
        sender: mailbox,
        headerFrom: mailbox,
        mailbox,
        recipients: [`user${i}@example.org`],
        smtpUtf8: false,
        tx: `tx${i}`,
        key: createHash('sha256').update(id).digest('base64url'),
        accepted: Date.now() - 3_600_000 + i,
      },
      { size: body.length, sha256 },
    );
    writeFileSync(layout.body('queued', id), body);
    writeFileSync(layout.record('queued', id), formatRecord(message));
  }
}
