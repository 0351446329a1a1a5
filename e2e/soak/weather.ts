/** Bad spells that strike everybody at once: the next hop goes away, freezes or is slow; DNS fails or is silent. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DnsServer } from '../../relay-src/testing/dns-server.ts';
import type { Random } from '../../relay-src/testing/random.ts';
import type { Statistics } from './statistics.ts';
import type { Receiver } from './upstream/receiver.ts';

export interface WeatherOptions {
  readonly receiver: Receiver;
  readonly dns: DnsServer;
  readonly random: Random;
  readonly statistics: Statistics;
  /** The longest spell, in milliseconds. */
  readonly longest: number;
}

/** After a bad spell the relay may remember for so long that DNS gave no answer (RFC 2308 7.1), milliseconds. */
const dnsMemory = 20_000;

/** A bad spell: how it begins, and how it ends. */
interface Spell {
  readonly name: string;
  readonly begin: () => void | Promise<void>;
  readonly end: () => void | Promise<void>;
}

export class Weather {
  readonly #options: WeatherOptions;
  #dnsIll = false;
  #dnsIllUntil = -Infinity;

  constructor(options: WeatherOptions) {
    this.#options = options;
  }

  /** True if DNS was well for so long that the relay has no reason to doubt it. */
  dnsIsWell(): boolean {
    return !this.#dnsIll && performance.now() - this.#dnsIllUntil > dnsMemory;
  }

  /** Changes until the signal; then all is well again. */
  async run(signal: AbortSignal): Promise<void> {
    const { random } = this.#options;
    await Promise.all([
      this.#track(random.fork('upstream'), signal, (own) => this.#upstreamSpell(own)),
      this.#track(random.fork('dns'), signal, (own) => this.#dnsSpell(own)),
    ]);
  }

  async #track(random: Random, signal: AbortSignal, draw: (random: Random) => Spell): Promise<void> {
    const pause = (milliseconds: number): Promise<void> =>
      sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    while (!signal.aborted) {
      await pause(random.whole(2000, 8000));
      if (signal.aborted) return;
      const { name, begin, end } = draw(random);
      this.#options.statistics.count(`spell: ${name}`);
      await begin();
      await pause(random.spread(500, this.#options.longest));
      await end();
    }
  }

  #upstreamSpell(random: Random): Spell {
    const { receiver } = this.#options;
    const how = random.pick(['close', 'reset']);
    const manner = random.pick(['strict', 'mailpit']);
    const delay = random.whole(100, 600);
    return random.weighted<Spell>([
      [
        3,
        {
          name: `upstream away, back as ${manner}`,
          begin: () => receiver.goAway(how),
          end: () => {
            receiver.manner = manner;
            return receiver.start();
          },
        },
      ],
      [1, { name: 'upstream frozen', begin: () => receiver.freeze(), end: () => receiver.thaw() }],
      [
        1,
        {
          name: 'upstream slow',
          begin: () => void (receiver.delay = delay),
          end: () => void (receiver.delay = 0),
        },
      ],
    ]);
  }

  #dnsSpell(random: Random): Spell {
    const { dns } = this.#options;
    const fault = random.pick(['servfail', 'silent', 'slow']);
    return {
      name: `DNS ${fault}`,
      begin: () => {
        this.#dnsIll = true;
        if (fault === 'slow') dns.delay = random.whole(100, 1500);
        else dns.fault = fault;
      },
      end: () => {
        dns.fault = undefined;
        dns.delay = 0;
        this.#dnsIll = false;
        this.#dnsIllUntil = performance.now();
      },
    };
  }
}
