/**
 * Good mail beside a flood of made-up domains: `node bench/dns.ts [seconds per row]`.
 *
 * Each row checks good domains, known and new ones, at a steady rate. From the second row on, 10,000
 * distinct made-up domains come in the same time; their servers deny, fail or stay silent. As many checks
 * run at once as the relay has connections (each waits for its answer). Times are those of good mail;
 * "deferred" counts good mail that would have got a 451. The DNS server is a process of its own.
 */
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createDomainChecker } from '../relay-src/mx-validator/dns/checker.ts';
import { startDnsServer } from '../relay-src/testing/dns-server.ts';
import type { Zone } from '../relay-src/testing/dns-server.ts';

const seconds = Number(process.argv[2] ?? 60);
const fakes = 10_000;
const knownDomains = 200;
const knownPerSecond = 100;
const newPerSecond = 20;
const connections = 500;

const floods = ['none', 'no such name', 'servfail', 'silent'] as const;
type Flood = (typeof floods)[number];

function zoneFor(flood: Flood): Zone {
  const zone: Zone = {};
  // A short lifetime, so that known domains are looked up again in every run.
  for (let index = 0; index < knownDomains; index += 1)
    zone[`known${index}.example`] = { MX: [[10, 'mx.example']], ttl: 5 };
  for (let index = 0; index < seconds * newPerSecond; index += 1)
    zone[`new${index}.example`] = { MX: [[10, 'mx.example']] };
  if (flood === 'servfail' || flood === 'silent') {
    for (let index = 0; index < fakes; index += 1) zone[`fake${index}.example`] = { fault: flood };
  }
  return zone;
}

/** Calls `action` with 0, 1, 2 … evenly spread over the run; late calls are caught up. */
async function steadily(total: number, action: (index: number) => void): Promise<void> {
  const start = performance.now();
  for (let index = 0; index < total;) {
    const due = Math.min(total, Math.ceil(((performance.now() - start) / (seconds * 1000)) * total));
    for (; index < due; index += 1) action(index);
    await sleep(2);
  }
}

function quantile(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2);
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);

async function row(flood: Flood): Promise<void> {
  const server = fork(import.meta.filename, [...process.argv.slice(2), 'server', flood]);
  const port = await new Promise<number>((resolve) =>
    server.once('message', (message) => resolve(Number(message))),
  );
  let entries = 0;
  const checker = createDomainChecker({
    servers: [{ address: '127.0.0.1', port }],
    observer: { answered() {}, lookedUp() {}, cacheSize: (size) => (entries = size) },
  });
  collectGarbage();
  const heapBefore = process.memoryUsage().heapUsed;
  let peak = 0;
  const memory = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 100);

  const times: Record<'known' | 'new', number[]> = { known: [], new: [] };
  let deferred = 0;
  const good = async (kind: 'known' | 'new', domain: string): Promise<void> => {
    const start = performance.now();
    const verdict = await checker.check(domain);
    times[kind].push(performance.now() - start);
    if (verdict.kind !== 'deliverable') deferred += 1;
  };
  let busy = 0;
  let skipped = 0;
  const fake = async (index: number): Promise<void> => {
    if (busy === connections) {
      skipped += 1;
      return;
    }
    busy += 1;
    await checker.check(`fake${index}.example`);
    busy -= 1;
  };

  const cpu = process.cpuUsage();
  await Promise.all([
    steadily(seconds * knownPerSecond, (index) => void good('known', `known${index % knownDomains}.example`)),
    steadily(seconds * newPerSecond, (index) => void good('new', `new${index}.example`)),
    flood === 'none' ? undefined : steadily(fakes, (index) => void fake(index)),
  ]);
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(memory);
  checker.close();
  server.kill();
  collectGarbage();
  const heap = process.memoryUsage().heapUsed - heapBefore;

  const known = times.known.toSorted((a, b) => a - b);
  const fresh = times.new.toSorted((a, b) => a - b);
  print([
    flood,
    `${quantile(known, 0.5)} / ${quantile(known, 0.99)}`,
    `${quantile(fresh, 0.5)} / ${quantile(fresh, 0.99)}`,
    `${deferred} of ${known.length + fresh.length}`,
    String(skipped),
    String(entries),
    megabytes(heap),
    megabytes(peak),
    ((user + system) / 1e6).toFixed(1),
  ]);
}

function print(cells: readonly string[]): void {
  const widths = [14, 18, 18, 16, 10, 8, 10, 10, 6];
  process.stdout.write(`${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('')}\n`);
}

const [, , , role, serverFlood] = process.argv;
if (role === 'server') {
  const server = await startDnsServer(zoneFor(floods.find((flood) => flood === serverFlood) ?? 'none'));
  process.send?.(server.port);
} else {
  process.stdout.write(
    `per row: ${seconds} s, ${knownPerSecond}/s checks of ${knownDomains} known domains, ${newPerSecond}/s of new ones, ` +
      `then also ${fakes} made-up domains (${Math.round((fakes / seconds) * 60)} a minute)\n`,
  );
  print([
    'flood',
    'known p50/p99 ms',
    'new p50/p99 ms',
    'deferred',
    'no line',
    'entries',
    'heap +MB',
    'RSS MB',
    'CPU s',
  ]);
  for (const flood of floods) await row(flood);
}
