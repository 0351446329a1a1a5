import { expect, it } from '@jest/globals';
import type { Finding } from './rule.ts';
import { applyWaivers } from './waivers.ts';

const finding: Finding = {
  rule: 'one-writer',
  severity: 'error',
  file: 'a.yaml',
  object: 'Deployment/email-relay',
  path: ['spec', 'template', 'spec', 'containers', 0, 'image'],
  message: 'x',
  remedy: 'y',
};

it('a waiver takes off what it names, and one that takes off nothing is told', () => {
  const waiver = { rule: 'one-writer', object: 'Deployment/email-relay', reason: 'the claim is read only' };
  const field = 'spec.template.spec.containers';
  expect(applyWaivers([finding], [waiver]).findings).toEqual([
    { ...finding, waived: 'the claim is read only' },
  ]);
  expect(applyWaivers([finding], [{ ...waiver, field }]).unused).toEqual([]);
  for (const other of [
    { field: 'spec.template.spec.contain' },
    { object: 'Deployment/other' },
    { rule: 'schema' },
  ]) {
    const result = applyWaivers([finding], [{ ...waiver, ...other }]);
    expect(result).toEqual({ findings: [finding], unused: [{ ...waiver, ...other }] });
  }
});
