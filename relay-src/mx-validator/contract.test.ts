import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { environment, listenerEnvironment, metrics } from './contract.ts';
import { createMetrics } from './metrics.ts';

const page = readFileSync(new URL('../../docs/mx-validator.md', import.meta.url), 'utf8');

it.each([...Object.values(environment), ...Object.values(listenerEnvironment), ...Object.keys(metrics)])(
  'docs tell of %s',
  (name) => {
    expect(page).toMatch(new RegExp(`\`${name}[\`{<]`));
  },
);

it('the metrics are those of the contract, with their types', async () => {
  const { registry } = createMetrics({ bytesInFlight: () => 0, upstreamConnections: () => 0 });
  const exported = await registry.getMetricsAsJSON();
  expect(Object.fromEntries(exported.map(({ name, type }) => [name, type]))).toEqual(metrics);
});
