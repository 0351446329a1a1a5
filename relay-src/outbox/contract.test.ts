import { expect, it } from '@jest/globals';
import { metrics, results, states } from './contract.ts';
import { createMetrics } from './metrics.ts';
import { summarise } from './queue/verdict.ts';
import { message } from './queue/testing.ts';
import { committedStates } from './spool/message.ts';

it('the metrics are those of the contract, with their types', async () => {
  const { registry } = createMetrics({
    messages: () => [],
    oldest: () => [],
    mailboxesInTrouble: () => 0,
    freeBytes: async () => 0,
    tokenExpiry: () => NaN,
    credentialExpiry: () => NaN,
    copies: () => 0,
  });
  const exported = await registry.getMetricsAsJSON();
  expect(Object.fromEntries(exported.map(({ name, type }) => [name, type]))).toEqual(metrics);
});

it('the states are those of the spool, and one more while a message is received', () =>
  expect(states).toEqual(['incoming', ...committedStates]));

it('an attempt has one of the results of the contract', () => {
  const answers = results.map((result) =>
    result === 'failed'
      ? { result, answer: '', status: '5.0.0' }
      : { result, answer: '', scope: 'message' as const },
  );
  expect(answers.map((one) => summarise(message(), new Map([['a@example.org', one]])).result)).toEqual(
    results,
  );
});
