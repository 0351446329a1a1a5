/** Who can receive: each row of the verdict table, asked of a real DNS server on loopback. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startDnsServer } from '../../testing/dns-server.ts';
import type { DnsServer, Fault, Records } from '../../testing/dns-server.ts';
import { createDomainChecker } from './checker.ts';
import type { DomainCheckerOptions } from './checker.ts';
import type { DomainChecker, Verdict } from './verdict.ts';

let dns: DnsServer;
let checkers: DomainChecker[];
/** The checkers' clock, in milliseconds; only caching reads it. */
let time: number;

beforeAll(async () => {
  dns = await startDnsServer();
});
afterAll(() => dns.close());
beforeEach(() => {
  Object.assign(dns, { zone: {}, fault: undefined, delay: 0, questions: [] });
  checkers = [];
  time = 0;
});
afterEach(() => {
  for (const created of checkers) created.close();
});

/** A checker with short patience on loopback. */
function checker(options: DomainCheckerOptions = {}): DomainChecker {
  const created = createDomainChecker({
    servers: [dns],
    attemptMilliseconds: 150,
    tries: 2,
    totalMilliseconds: 1_000,
    now: () => time,
    ...options,
  });
  checkers.push(created);
  return created;
}

/** Its one method. */
function checking(options: DomainCheckerOptions = {}): (domain: string) => Promise<Verdict> {
  const created = checker(options);
  return async (domain) => created.check(domain);
}

const deliverable: Verdict = { kind: 'deliverable' };
const noSuchDomain: Verdict = { kind: 'no-such-domain' };
const nullMx: Verdict = { kind: 'null-mx' };
const trouble = (cause: string): Verdict => ({ kind: 'trouble', cause });
const good: Records = { MX: [[10, 'mx.d.example']] };

describe('the verdict for d.example', () => {
  const rows: [story: string, zone: Record<string, Records>, verdict: Verdict][] = [
    ['an MX', { 'd.example': good }, deliverable],
    [
      'an MX whose host does not exist: hosts are not looked up',
      { 'd.example': { MX: [[1, 'gone.example']] } },
      deliverable,
    ],
    ['a null MX (RFC 7505)', { 'd.example': { MX: [[0, '.']], A: ['192.0.2.1'] } }, nullMx],
    [
      'two null MX',
      {
        'd.example': {
          MX: [
            [0, '.'],
            [5, '.'],
          ],
        },
      },
      nullMx,
    ],
    [
      'a null MX beside a real one',
      {
        'd.example': {
          MX: [
            [0, '.'],
            [10, 'mx.d.example'],
          ],
        },
      },
      deliverable,
    ],
    [
      'an MX of localhost only, though it has an address',
      { 'd.example': { MX: [[1, 'localhost']], A: ['192.0.2.1'] } },
      noSuchDomain,
    ],
    ['an MX that is an address', { 'd.example': { MX: [[1, '192.0.2.1']] } }, noSuchDomain],
    ['no MX but A', { 'd.example': { A: ['192.0.2.1'] } }, deliverable],
    ['no MX but AAAA', { 'd.example': { AAAA: ['2001:db8::1'] } }, deliverable],
    ['no records', { 'd.example': {} }, noSuchDomain],
    ['only names below it', { 'www.d.example': { A: ['192.0.2.1'] } }, noSuchDomain],
    ['no such name', {}, noSuchDomain],
    ['an alias of a domain with MX', { 'd.example': { CNAME: 'e.example' }, 'e.example': good }, deliverable],
    [
      'a chain of aliases',
      { 'd.example': { CNAME: 'e.example' }, 'e.example': { CNAME: 'f.example' }, 'f.example': good },
      deliverable,
    ],
    [
      'an alias of a host with only an address',
      { 'd.example': { CNAME: 'e.example' }, 'e.example': { A: ['192.0.2.1'] } },
      deliverable,
    ],
    [
      'an alias of a null MX',
      { 'd.example': { CNAME: 'e.example' }, 'e.example': { MX: [[0, '.']] } },
      nullMx,
    ],
    ['a dangling alias (RFC 6604)', { 'd.example': { CNAME: 'gone.example' } }, noSuchDomain],
    [
      'an alias of a name without records',
      { 'd.example': { CNAME: 'e.example' }, 'e.example': {} },
      noSuchDomain,
    ],
    [
      'an alias loop',
      { 'd.example': { CNAME: 'e.example' }, 'e.example': { CNAME: 'd.example' } },
      trouble('chain'),
    ],
    [
      'an alias whose target the answer leaves out',
      { 'd.example': { CNAME: 'e.example', aliasOnly: true }, 'e.example': good },
      deliverable,
    ],
    ['such an alias, dangling', { 'd.example': { CNAME: 'gone.example', aliasOnly: true } }, noSuchDomain],
    [
      'such a loop',
      {
        'd.example': { CNAME: 'e.example', aliasOnly: true },
        'e.example': { CNAME: 'd.example', aliasOnly: true },
      },
      trouble('chain'),
    ],
    ['a denial without SOA', { 'd.example': { fault: 'no-soa' } }, noSuchDomain],
    [
      'no MX, A fails, AAAA there',
      { 'd.example': { AAAA: ['2001:db8::1'], fault: { A: 'servfail' } } },
      deliverable,
    ],
    ['no MX, A fails, no AAAA', { 'd.example': { fault: { A: 'servfail' } } }, trouble('servfail')],
    ['no MX, no A, AAAA fails', { 'd.example': { fault: { AAAA: 'refused' } } }, trouble('refused')],
    [
      'MX fails, A there: A must not stand in for a lost MX',
      { 'd.example': { A: ['192.0.2.1'], fault: { MX: 'servfail' } } },
      trouble('servfail'),
    ],
  ];
  it.each(rows)('%s', async (_story, zone, verdict) => {
    dns.zone = zone;
    await expect(checking()('d.example')).resolves.toEqual(verdict);
  });

  const faults: [fault: Fault, verdict: Verdict][] = [
    ['servfail', trouble('servfail')],
    ['refused', trouble('refused')],
    ['formerr', trouble('formerr')],
    ['notimp', trouble('notimp')],
    ['badvers', trouble('rcode')],
    ['referral', trouble('lame')],
    ['garbage', trouble('malformed')],
    ['wrong-owner', trouble('malformed')],
    ['silent', trouble('timeout')],
    ['truncated-always', trouble('malformed')],
    ['tcp-cut', trouble('unreachable')],
    ['silent-once', deliverable],
    ['no-edns', deliverable],
    ['truncated', deliverable],
    // A forger says "deliverable" of this null MX; believing one of them would show.
    ['wrong-id', nullMx],
    ['wrong-name', nullMx],
    ['wrong-source', nullMx],
    ['forged-flood', nullMx],
  ];
  it.each(faults)('%s', async (fault, verdict) => {
    dns.zone = { 'd.example': verdict.kind === 'null-mx' ? { MX: [[0, '.']], fault } : { ...good, fault } };
    await expect(checking()('d.example')).resolves.toEqual(verdict);
  });

  it('a port where nobody listens', async () => {
    const gone = await startDnsServer();
    await gone.close();
    await expect(checking({ servers: [gone] })('d.example')).resolves.toEqual(trouble('unreachable'));
  });

  it('an answer too large for UDP comes over TCP', async () => {
    dns.zone = {
      'd.example': {
        MX: Array.from({ length: 100 }, (_, index) => [index, `mx${index}.d.example`] as const),
      },
    };
    await expect(checking()('d.example')).resolves.toEqual(deliverable);
    expect(dns.questions.map((question) => question.transport)).toEqual(['udp', 'tcp']);
  });
});

describe('the questions', () => {
  it('are one for a domain with MX, one for a name that does not exist, three without MX', async () => {
    dns.zone = { 'mx.example': good, 'a.example': { A: ['192.0.2.1'] } };
    const check = checking();
    await check('mx.example');
    await check('gone.example');
    await check('a.example');
    expect(dns.questions.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'mx.example MX',
      'gone.example MX',
      'a.example MX',
      'a.example A',
      'a.example AAAA',
    ]);
  });

  it('have ids and source ports that nobody can guess (RFC 5452)', async () => {
    const check = checking();
    for (let index = 0; index < 20; index += 1) await check(`d${index}.example`);
    expect(new Set(dns.questions.map((question) => question.id)).size).toBeGreaterThan(15);
    expect(new Set(dns.questions.map((question) => question.port)).size).toBeGreaterThan(10);
  });

  it.each(['localhost', 'mail.localhost', 'd.invalid', 'd.onion', 'd.alt', 'intranet', '192.0.2.1', 'd.1'])(
    'are none for %s',
    async (name) => {
      dns.zone = { [name]: good };
      await expect(checking()(name)).resolves.toEqual(noSuchDomain);
      expect(dns.count()).toBe(0);
    },
  );

  it('about one domain at a time are asked once', async () => {
    dns.zone = { 'd.example': good };
    dns.delay = 20;
    const check = checking();
    const verdicts = await Promise.all(Array.from({ length: 100 }, () => check('d.example')));
    expect(verdicts).toEqual(Array.from({ length: 100 }, () => deliverable));
    expect(dns.count()).toBe(1);
  });
});

it('an address of one family is enough: the other one is neither waited for nor asked again', async () => {
  dns.zone = { 'd.example': { A: ['192.0.2.1'], fault: { AAAA: 'silent' } } };
  const check = checking({ attemptMilliseconds: 100, tries: 10 });
  await expect(check('d.example')).resolves.toEqual(deliverable);
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(dns.count('d.example', 'AAAA')).toBe(1);
});

describe('several servers', () => {
  it('a dead first server costs its time once, then the living one is asked first', async () => {
    const dead = await startDnsServer();
    dead.fault = 'silent';
    dns.zone = { 'a.example': good, 'b.example': good };
    const check = checking({ servers: [dead, dns] });
    await expect(check('a.example')).resolves.toEqual(deliverable);
    await expect(check('b.example')).resolves.toEqual(deliverable);
    expect(dead.count()).toBe(1);
    await dead.close();
  });

  it('a failure of one is not the verdict while another answers', async () => {
    const broken = await startDnsServer();
    broken.fault = 'servfail';
    await expect(checking({ servers: [broken, dns] })('gone.example')).resolves.toEqual(noSuchDomain);
    await broken.close();
  });
});

describe('what is kept', () => {
  it('says at once what is known', async () => {
    const known = checker();
    expect(await known.check('d.example')).toEqual(noSuchDomain);
    expect(known.check('d.example')).toEqual(noSuchDomain);
    expect(known.check('name.invalid')).toEqual(noSuchDomain);
  });

  it('a verdict as long as DNS says, and no longer', async () => {
    dns.zone = { 'good.example': { ...good, ttl: 100 }, 'bad.example': { negativeTtl: 30 } };
    const check = checking();
    const ask = async (): Promise<void> => {
      await check('good.example');
      await check('bad.example');
    };
    await ask();
    time = 29_999;
    await ask();
    expect([dns.count('good.example', 'MX'), dns.count('bad.example', 'MX')]).toEqual([1, 1]);
    time = 30_000;
    await ask();
    expect([dns.count('good.example', 'MX'), dns.count('bad.example', 'MX')]).toEqual([1, 2]);
    time = 100_000;
    await ask();
    expect(dns.count('good.example', 'MX')).toBe(2);
  });

  it('the lowest lifetime of an alias and its target', async () => {
    dns.zone = { 'd.example': { CNAME: 'e.example', ttl: 10 }, 'e.example': { ...good, ttl: 100 } };
    const check = checking();
    await check('d.example');
    time = 10_000;
    await check('d.example');
    expect(dns.count()).toBe(2);
  });

  it('nothing beyond the caps: a wrong refusal must not last a day because a zone says so', async () => {
    dns.zone = { 'd.example': { MX: [[0, '.']], ttl: 86_400 } };
    const check = checking({ maxRefusedSeconds: 300 });
    await expect(check('d.example')).resolves.toEqual(nullMx);
    dns.zone = { 'd.example': good };
    time = 300_000;
    await expect(check('d.example')).resolves.toEqual(deliverable);
  });

  it('no denial without SOA, and no TTL of 0 (RFC 2308 5)', async () => {
    dns.zone = { 'a.example': { fault: 'no-soa' }, 'b.example': { ...good, ttl: 0 } };
    const check = checking();
    for (const name of ['a.example', 'a.example', 'b.example', 'b.example']) await check(name);
    expect([dns.count('a.example', 'MX'), dns.count('b.example', 'MX')]).toEqual([2, 2]);
  });

  it('a failure for some seconds only, and never as a refusal: after SERVFAIL the mail goes through', async () => {
    dns.zone = { 'd.example': { ...good, fault: 'servfail' } };
    const check = checking({ failureSeconds: 5 });
    await expect(check('d.example')).resolves.toEqual(trouble('servfail'));
    await expect(check('d.example')).resolves.toEqual(trouble('servfail'));
    expect(dns.count()).toBe(1);
    dns.zone = { 'd.example': good };
    time = 5_000;
    await expect(check('d.example')).resolves.toEqual(deliverable);
  });
});

describe('while DNS is down', () => {
  const stale = { maxGoodSeconds: 100, staleSeconds: 1_000, failureSeconds: 5, staleAnswerMilliseconds: 30 };

  it.each(['servfail', 'silent'] as const)(
    '(%s) a domain that was good stays good for a while',
    async (fault) => {
      dns.zone = { 'd.example': good };
      const check = checking(stale);
      await check('d.example');
      dns.fault = fault;
      time = 100_000;
      await expect(check('d.example')).resolves.toEqual(deliverable);
      await expect(check('new.example')).resolves.toMatchObject({ kind: 'trouble' });
      time = 1_100_000;
      await expect(check('d.example')).resolves.toMatchObject({ kind: 'trouble' });
    },
  );

  it('silence is waited for only shortly, and each failure spares the next mail the wait', async () => {
    dns.zone = { 'd.example': good };
    const check = checking({ ...stale, totalMilliseconds: 100 });
    await check('d.example');
    dns.fault = 'silent';
    time = 100_000;
    const started = performance.now();
    await check('d.example');
    expect(performance.now() - started).toBeLessThan(90);
    await new Promise((resolve) => setTimeout(resolve, 120));
    const asked = dns.count();
    await check('d.example');
    expect(dns.count()).toBe(asked);
  });

  it('a refusal is not kept beyond its lifetime, and a refusal ends a good past', async () => {
    dns.zone = { 'd.example': good };
    const check = checking({ ...stale, maxRefusedSeconds: 10 });
    await check('d.example');
    dns.zone = {};
    time = 100_000;
    await expect(check('d.example')).resolves.toEqual(noSuchDomain);
    dns.fault = 'servfail';
    time = 110_000;
    await expect(check('d.example')).resolves.toEqual(trouble('servfail'));
  });
});

describe('under a flood of made-up domains', () => {
  it('the cache stays within its bound and keeps the good domains', async () => {
    dns.zone = { 'd.example': good };
    let largest = 0;
    const check = checking({
      maxEntries: 50,
      observer: {
        answered() {},
        lookedUp() {},
        cacheSize: (entries) => (largest = Math.max(largest, entries)),
      },
    });
    await check('d.example');
    await Promise.all(Array.from({ length: 500 }, (_, index) => check(`fake${index}.example`)));
    expect(largest).toBe(51);
    const asked = dns.count();
    await expect(check('d.example')).resolves.toEqual(deliverable);
    expect(dns.count()).toBe(asked);
  });

  it('only so many lookups run at once; beyond a queue the answer is trouble, and is not kept', async () => {
    dns.fault = 'silent';
    const check = checking({ maxLookups: 2, totalMilliseconds: 200 });
    const verdicts = await Promise.all(
      Array.from({ length: 30 }, (_, index) => check(`fake${index}.example`)),
    );
    const causes = verdicts.map((verdict) => (verdict.kind === 'trouble' ? verdict.cause : verdict.kind));
    expect(causes.filter((cause) => cause === 'timeout')).toHaveLength(2);
    expect(causes.filter((cause) => cause === 'overload')).toHaveLength(28);
    dns.fault = undefined;
    await expect(check('fake29.example')).resolves.toEqual(noSuchDomain);
  });
});

describe('while the servers of made-up domains stay silent', () => {
  it('a good domain gets its place from the oldest lookup', async () => {
    const silent = Array.from({ length: 4 }, (_, index) => `fake${index}.example`);
    dns.zone = { 'd.example': good };
    for (const name of silent) dns.zone[name] = { fault: 'silent' };
    const check = checking({
      maxLookups: 4,
      crowdedMilliseconds: 1_000,
      attemptMilliseconds: 60_000,
      totalMilliseconds: 60_000,
    });
    const first = check('fake0.example');
    void silent.map(check);
    time = 1_000;
    await expect(check('d.example')).resolves.toEqual(deliverable);
    await expect(first).resolves.toEqual(trouble('timeout'));
  });
});

describe('the end', () => {
  it('takes all of a lookup, whatever the servers do, no longer than its total time', async () => {
    dns.fault = 'silent';
    const started = performance.now();
    const options = { servers: [dns, dns, dns], tries: 10, totalMilliseconds: 250 };
    await expect(checking(options)('d.example')).resolves.toEqual(trouble('timeout'));
    expect(performance.now() - started).toBeLessThan(600);
  });

  it('closing ends a lookup under way', async () => {
    dns.fault = 'silent';
    const closing = checker();
    const verdict = closing.check('d.example');
    closing.close();
    await expect(verdict).resolves.toEqual(trouble('closed'));
    expect(closing.check('e.example')).toEqual(trouble('closed'));
  });

  it('the observer hears of each answer and each lookup', async () => {
    const heard: string[] = [];
    dns.zone = { 'd.example': { ...good, ttl: 1 } };
    const check = checking({
      observer: {
        answered: (source, verdict) => heard.push(`answered ${source} ${verdict}`),
        lookedUp: (outcome, seconds) => heard.push(`looked up ${outcome} ${seconds}`),
        cacheSize: (entries) => heard.push(`size ${entries}`),
      },
    });
    await check('d.example');
    await check('d.example');
    await check('d.onion');
    dns.fault = 'refused';
    time = 2_000;
    await check('d.example');
    await check('d.example');
    expect(heard).toEqual([
      'looked up deliverable 0',
      'size 1',
      'answered dns deliverable',
      'answered cache deliverable',
      'answered name no-such-domain',
      'looked up refused 0',
      'size 2',
      'answered stale deliverable',
      'answered stale deliverable',
    ]);
  });
});
