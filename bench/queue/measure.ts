/** One measurement of a queue: a fresh program and folder, a warm-up, the load, and whether all of it is on disk. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, greets, type Load } from '../load.ts';
import { afterwards, type Measurement } from '../measure.ts';
import { Program } from '../program.ts';
import { scaled, withMessages, type Workload } from '../workloads.ts';
import type { QueuePeer } from './peer.ts';

export interface QueueBench {
  readonly load: Load;
  /** A command that starts a program on its core. */
  readonly prefix: readonly string[];
  /** Folder on the disk that is measured. */
  readonly disk: string;
}

/** Throws if a message was refused, or is not in the queue after its 250, with the program's last words. */
export async function measureQueue(
  { load, prefix, disk }: QueueBench,
  peer: QueuePeer,
  workload: Workload,
): Promise<Measurement> {
  const folder = mkdtempSync(join(disk, 'bench-queue-'));
  chmodSync(folder, 0o755); // Postfix gives up root
  const home = join(folder, 'program');
  mkdirSync(home);
  let program: Program | undefined;
  try {
    const listenPort = await freePort();
    program = new Program(peer.start({ folder: home, listenPort }), prefix, join(folder, 'output'));
    const ended = await Promise.race([greets(listenPort, 20), program.ended]);
    if (ended !== undefined) throw new Error(`it ended: ${ended}`);
    const idle = program.usage();
    const warm = await load.run(withMessages(workload, workload.warmUp), listenPort, true, true);
    const before = program.usage();
    const result = await load.run(scaled(workload, warm.rate), listenPort, true, true);
    await sleep(afterwards);
    const after = program.usage();
    for (const { errors, complaints } of [warm, result]) {
      if (errors > 0) throw new Error(`${errors} messages failed: ${complaints.trim()}`);
    }
    const queued = peer.queued(home);
    const sent = warm.messages + result.messages;
    if (queued !== undefined && queued !== sent)
      throw new Error(`${queued} of ${sent} messages are in its queue`);
    const cpu = ((after.cpu - before.cpu) / result.messages) * 1000;
    return { ...result, used: { cpu, idle: idle.resident, peak: after.peak }, cut: false };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${peer.name}, ${workload.name}: ${reason}\n${program?.lastWords() ?? ''}`, {
      cause: error,
    });
  } finally {
    await program?.stop();
    rmSync(folder, { recursive: true });
  }
}
