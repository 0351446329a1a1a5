/**
 * `npm run disk`: the spool of outbox on disks that are full, out of inodes, or read-only, with the kernel's own
 * errors. Needs root, for mount(8). Exit code 0 if all passed, 1 if a case failed, 2 if it could not run.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SpoolError } from '../../relay-src/outbox/spool/errors.ts';
import { Report } from '../smoke/report.ts';
import { startIntake, type Promises } from './intake.ts';
import { withSmallDisk, type SmallDisk } from './mount.ts';

const mebi = 2 ** 20;
const full = /^452 4\.3\.1 /;
const trouble = /^451 4\.3\.0 /;

function expect(reply: string, pattern: RegExp): void {
  if (!pattern.test(reply)) throw new Error(`the reply is "${reply}", not ${pattern}`);
}

/** Parts of messages that are neither committed nor gone. */
function expectNoLeftovers({ folder }: SmallDisk): void {
  const left = readdirSync(join(folder, 'incoming'));
  if (left.length > 0) throw new Error(`left in incoming/: ${left.join(', ')}`);
}

/** Mail until the disk is full, then as before once there is room; a restart in between finds all of it. */
async function fillsAndEmpties(disk: SmallDisk, octets: number): Promise<void> {
  const promised: Promises = new Map();
  let intake = await startIntake(disk.folder, promised, 0);
  expect(await intake.sendUntilRefused(100_000, octets), full);
  expectNoLeftovers(disk);
  await intake.verify();
  await intake.close();

  intake = await startIntake(disk.folder, promised, 0);
  await intake.verify();
  // On a full disk mail can leave, and that makes room.
  for (const id of [...promised.keys()].slice(0, Math.ceil(promised.size / 2))) {
    await intake.spool.finish(id, { result: 'sent', answer: '250' });
    promised.delete(id);
  }
  expect(await intake.sendUntilRefused(5, octets), /^250/);
  await intake.verify();
  await intake.close();
}

async function keepsAReserve(disk: SmallDisk): Promise<void> {
  const promised: Promises = new Map();
  const intake = await startIntake(disk.folder, promised, 4 * mebi);
  expect(await intake.sendUntilRefused(100_000, 50_000), full);
  // What is here can still be changed and moved.
  for (const id of promised.keys()) await intake.spool.update(id, { state: 'held', reason: 'x'.repeat(500) });
  await intake.verify();
  await intake.close();
}

async function fullWithinAMessage(disk: SmallDisk): Promise<void> {
  const promised: Promises = new Map();
  const intake = await startIntake(disk.folder, promised, 0);
  expect(await intake.sendUntilRefused(3, 1000), /^250/);
  const giveBack = disk.fill();
  expect(await intake.sendUntilRefused(1, 3 * mebi), full);
  expectNoLeftovers(disk);
  for (const id of promised.keys()) {
    const change = intake.spool.update(id, { reason: 'x'.repeat(900) });
    const failure = await change.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(failure instanceof SpoolError) || failure.kind !== 'full') {
      throw new Error(`a change on a full disk ended with ${String(failure)}`);
    }
  }
  giveBack();
  expect(await intake.sendUntilRefused(3, 1000), /^250/);
  await intake.verify();
  await intake.close();
}

async function readOnly(disk: SmallDisk): Promise<void> {
  const promised: Promises = new Map();
  const intake = await startIntake(disk.folder, promised, 0);
  expect(await intake.sendUntilRefused(3, 1000), /^250/);
  disk.readOnly(true);
  expect(await intake.sendUntilRefused(1, 1000), trouble);
  if ((await intake.spool.problem()) === undefined) throw new Error('a read-only spool counts as ready');
  await intake.verify();
  disk.readOnly(false);
  expect(await intake.sendUntilRefused(3, 1000), /^250/);
  await intake.verify();
  await intake.close();
}

async function main(): Promise<void> {
  const report = new Report((line) => void process.stdout.write(`${line}\n`));
  report.group('the spool on a disk');
  const story = (name: string, options: string, body: (disk: SmallDisk) => Promise<void>): Promise<void> =>
    report.case(name, () => withSmallDisk(options, body));
  await story('that fills with small mail, and empties', 'size=4m', (disk) => fillsAndEmpties(disk, 1000));
  await story('that fills with large mail, and empties', 'size=12m', (disk) =>
    fillsAndEmpties(disk, 700_000),
  );
  await story('that runs out of inodes', 'size=64m,nr_inodes=400', (disk) => fillsAndEmpties(disk, 1000));
  await story('of which a part is kept for records', 'size=12m', keepsAReserve);
  await story('that is filled by somebody else within a message', 'size=12m', fullWithinAMessage);
  await story('that turns read-only, and back', 'size=8m', readOnly);
  process.stdout.write(`\n${report.closing()}\n`);
  process.exitCode = report.failed > 0 ? 1 : 0;
}

if (process.getuid?.() === 0) await main();
else {
  process.stderr.write('disk: needs root, to mount small disks\n');
  process.exitCode = 2;
}
