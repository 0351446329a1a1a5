import { expect, it } from '@jest/globals';
import { sha256 } from '../../testing/fake-graph/mime.ts';
import { startFakeGraph, type LedgerEntry } from '../../testing/fake-graph/server.ts';
import { onlyVerdict, TestDelivery } from '../../testing/outbox-delivery.ts';
import { Random } from '../../testing/random.ts';
import { testTransport } from './testing.ts';

const recipients = ['a@example.org', 'b@example.org'];

interface Story {
  readonly attempts: number;
  /** Attempts whose outcome is not known to the sender: it said so, or ended before it could say. */
  readonly doubts: number;
  readonly arrivals: readonly LedgerEntry[];
  readonly body: string;
}

/** Sends messages through bad weather until each is sent. The process may end wherever it writes to disk. */
async function sendAll(exactlyOnce: boolean, seed: string): Promise<{ stories: Story[]; drafts: number }> {
  const graph = await startFakeGraph();
  const by = await testTransport(graph, { exactlyOnce });
  const random = new Random(seed);
  graph.faults.weather = { seed, rate: 0.5, patience: 20 };
  const story = async (index: number): Promise<Story> => {
    const body = `Message ${index}\r\n`;
    // Every third has the same Message-ID as its neighbours, and every fifth none.
    const id = index % 5 === 0 ? '' : `Message-ID: <${Math.floor(index / 3)}@app>\r\n`;
    const to = [...recipients, `${index}@example.net`];
    const delivery = new TestDelivery(`From: app@example.com\r\nTo: a@example.org\r\n${id}\r\n${body}`, to);
    delivery.beforeRemember = () => {
      if (random.chance(0.1)) throw new Error('the process ends');
    };
    let [attempts, doubts] = [0, 0];
    for (;;) {
      attempts += 1;
      const { result } = onlyVerdict(await by.deliver(delivery));
      expect(result).not.toBe('failed');
      const forgotten = random.chance(0.1);
      if (result === 'unknown' || forgotten) doubts += 1;
      if (result === 'sent' && !forgotten) break;
    }
    const arrivals = graph.ledger.accepted.filter(({ recipients: named }) =>
      named.includes(`${index}@example.net`),
    );
    for (const { recipients: named } of arrivals) expect(new Set(named)).toEqual(new Set(to));
    return { attempts, doubts, arrivals, body };
  };
  try {
    const stories: Story[] = [];
    for (let index = 0; index < 24; index += 12) {
      const some = Array.from({ length: 12 }, (_, offset) => story(index + offset));
      stories.push(...(await Promise.all(some)));
    }
    expect(graph.failures).toEqual([]);
    return { stories, drafts: graph.mailboxes.drafts.length };
  } finally {
    await by.close();
    await graph.stop();
  }
}

it.each([
  ['sendMail: every message arrives, and twice only after a doubt', false],
  ['exactlyOnce: every message arrives once, and no draft is left', true],
])(
  '%s',
  async (_, exactlyOnce) => {
    const { drafts, stories } = await sendAll(exactlyOnce, `weather of ${exactlyOnce}`);
    for (const { arrivals, body, doubts } of stories) {
      expect(arrivals.length).toBeGreaterThanOrEqual(1);
      expect(arrivals.length).toBeLessThanOrEqual(exactlyOnce ? 1 : 1 + doubts);
      for (const { bodySha256 } of arrivals) expect(bodySha256).toBe(sha256(body));
    }
    expect(drafts).toBe(0);
    // The weather was bad: many attempts failed, and there was something to be in doubt about.
    const sum = (of: (story: Story) => number): number => stories.reduce((total, one) => total + of(one), 0);
    expect(sum(({ attempts }) => attempts)).toBeGreaterThan(stories.length * 1.3);
    expect(sum(({ doubts }) => doubts)).toBeGreaterThan(3);
    if (!exactlyOnce) expect(sum(({ arrivals }) => arrivals.length)).toBeGreaterThan(stories.length);
  },
  60_000,
);
