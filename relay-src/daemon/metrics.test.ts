import { Histogram, Registry } from 'prom-client';
import { expect, it } from '@jest/globals';
import { Distribution, metricMakers } from './metrics.ts';

it('a histogram of distributions says what prom-client says of the same values', async () => {
  const bounds = [0.005, 0.1, 1];
  const reference = new Registry();
  const theirs = new Histogram({
    name: 'x_seconds',
    help: 'X',
    buckets: bounds,
    labelNames: ['outcome'],
    registers: [reference],
  });
  const { registry, histogramsBy } = metricMakers<'x_seconds'>();
  const ours = {
    accepted: new Distribution(bounds),
    refused: new Distribution(bounds),
    aborted: new Distribution(bounds),
  };
  histogramsBy('x_seconds', 'X', 'outcome', ours);
  expect(await registry.metrics()).toBe(await reference.metrics());

  for (const [outcome, seconds] of [
    ['accepted', 0],
    ['accepted', 0.005],
    ['accepted', 0.0051],
    ['accepted', 7],
    ['refused', 1],
  ] as const) {
    theirs.observe({ outcome }, seconds);
    ours[outcome].observe(seconds);
  }
  expect(await registry.metrics()).toBe(await reference.metrics());
});
