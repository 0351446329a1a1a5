/** One run: everything is started, loaded, disturbed, and left to come to rest; then SIGTERM. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startDnsServer } from '../../relay-src/testing/dns-server.ts';
import { Prose } from './client/message.ts';
import { runSession, type World } from './client/session.ts';
import { zone } from './dns.ts';
import { lastAct } from './last-act.ts';
import { Ledger, type Findings } from './ledger.ts';
import { Random } from '../../relay-src/testing/random.ts';
import { startRelay, type RelayUnderTest } from './relay.ts';
import type { RelayLog } from './relay-log.ts';
import { Complaints, Statistics } from './statistics.ts';
import { Receiver } from './upstream/receiver.ts';
import { usage, watch, type Sample } from './watch.ts';
import { Weather } from './weather.ts';

export interface SoakOptions {
  readonly seed: string;
  readonly seconds: number;
  readonly clients: number;
  readonly logFile: string;
}

/** How the relay stands when its clients have left. */
export interface Rest {
  readonly activeConnections: number;
  readonly bytesInFlight: number;
  /** Connections to the next hop: their number as the relay's metric has it, and what the next hop says of each. */
  readonly upstreamConnections: number;
  readonly upstreamSees: readonly string[];
  readonly descriptors: number;
  /** The relay's count of accepted messages. */
  readonly accepted: number;
}

export interface SoakResult {
  readonly statistics: Statistics;
  /** Faults of the next hop, by point and kind. */
  readonly faults: ReadonlyMap<string, number>;
  readonly offences: Complaints;
  readonly findings: Findings;
  /** Transaction ids that clients have from a 250. */
  readonly told: readonly string[];
  readonly samples: readonly Sample[];
  readonly before: Rest;
  readonly after: Rest;
  readonly log: RelayLog;
  /** Messages logged as accepted when `after` was taken. */
  readonly loggedAtRest: number;
  /** Undefined if the relay ended well, in the middle of transactions. */
  readonly lastActProblem: string | undefined;
}

/** In a run of minutes, silences are longer than the relay's patience (30 s for a reply). */
const longRun = 300;
const long = { silence: 45_000, spell: 20_000 };
const short = { silence: 5000, spell: 4000 };

/**
 * Idle connections to the next hop are kept 20 s and looked at every 5 s; the rest is slack (milliseconds). A next hop
 * that is silent besides sees only afterwards that the relay has closed.
 */
const restingTime = 40_000;

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { seed, seconds } = options;
  const random = new Random(seed);
  const statistics = new Statistics();
  const ledger = new Ledger();
  const offences = new Complaints();
  const bounds = seconds < longRun ? short : long;
  const receiver = new Receiver({
    random: random.fork('next hop'),
    longestSilence: bounds.silence,
    onDelivery: (delivery) => ledger.deliver(delivery),
    onOffence: (what) => offences.add(what),
  });
  receiver.faulty = false;
  await receiver.start();
  const dns = await startDnsServer(zone);
  let relay: RelayUnderTest | undefined;
  try {
    relay = await startRelay(receiver.port, dns, options.logFile);
    const weather = new Weather({
      receiver,
      dns,
      random: random.fork('weather'),
      statistics,
      longest: bounds.spell,
    });
    const prose = new Prose(random.fork('prose'));
    const world: World = {
      port: relay.smtpPort,
      ledger,
      prose,
      statistics,
      dnsIsWell: () => weather.dnsIsWell(),
    };
    const before = await rest(relay, receiver);
    receiver.faulty = true;
    const forget = setInterval(() => (dns.questions.length = 0), 1000);
    const samples = await load(relay, world, weather, random.fork('clients'), options);
    clearInterval(forget);
    receiver.faulty = false;
    const after = await settled(relay, receiver, before, restingTime + bounds.silence);
    const loggedAtRest = relay.log.accepted.size;
    const lastActProblem = await lastAct(relay, ledger, random.fork('last act'), prose).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return {
      statistics,
      faults: receiver.faults,
      offences,
      findings: ledger.settle(),
      told: ledger.accepted(),
      samples,
      before,
      after,
      log: relay.log,
      loggedAtRest,
      lastActProblem,
    };
  } finally {
    await relay?.running.stop();
    receiver.thaw();
    await receiver.goAway('close');
    await dns.close();
  }
}

/** All clients until the time is over, and their last sessions to their end. */
async function load(
  relay: RelayUnderTest,
  world: World,
  weather: Weather,
  random: Random,
  { seconds, clients }: SoakOptions,
): Promise<Sample[]> {
  const over = new AbortController();
  const stop = (): void => over.abort();
  const timer = setTimeout(stop, seconds * 1000);
  void relay.running.ended.then(stop);
  const watched = watch(relay, seconds < longRun ? 1000 : 5000, over.signal);
  const changing = weather.run(over.signal);
  const client = async (name: string): Promise<void> => {
    for (let n = 0; !over.signal.aborted; n += 1) {
      const own = random.fork(`${name}.${n}`);
      await sleep(own.whole(0, 500));
      await runSession(world, `${name}.${n}`, own);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, n) => client(`${n}`)));
  clearTimeout(timer);
  await changing;
  return watched;
}

/** Waits until nothing is left of the load, but not for ever: what is left then is for the report. */
async function settled(
  relay: RelayUnderTest,
  receiver: Receiver,
  before: Rest,
  milliseconds: number,
): Promise<Rest> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const now = await rest(relay, receiver);
    const left = now.activeConnections + now.bytesInFlight + now.upstreamConnections;
    const calm = left + now.upstreamSees.length === 0;
    if ((calm && now.descriptors <= before.descriptors) || performance.now() > deadline) return now;
    await sleep(500);
  }
}

async function rest(relay: RelayUnderTest, receiver: Receiver): Promise<Rest> {
  const metrics = await relay.metrics();
  const value = (name: string): number => metrics.get(`mx_validator_${name}`) ?? NaN;
  return {
    activeConnections: value('active_connections'),
    bytesInFlight: value('bytes_in_flight'),
    upstreamConnections: value('upstream_connections'),
    upstreamSees: receiver.open(),
    descriptors: usage(metrics).descriptors,
    accepted: value('accepted_total'),
  };
}
