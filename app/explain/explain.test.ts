import { beforeAll, describe, expect, it } from '@jest/globals';
import { exampleProvenance } from '../../test/example-provenance.ts';
import type { Provenance } from '../provenance/provenance.ts';
import { explain } from './explain.ts';
import { printExplanation } from './print.ts';

let provenance: Provenance;
beforeAll(async () => {
  ({ provenance } = await exampleProvenance());
});

function fields(query: string): string[] {
  return explain(query, provenance).map(({ object, field }) => `${object} ${field}`.trim());
}

describe('explain', () => {
  it.each([
    ['deployment/email-relay', ['Deployment/email-relay/email-relay']],
    ['svc/email-relay.spec.ports[smtp]', ['Service/email-relay/email-relay spec.ports[smtp]']],
    [
      'Deployment/email-relay/email-relay.spec.replicas',
      ['Deployment/email-relay/email-relay spec.replicas'],
    ],
    [
      'deploy/email-relay.MP_MAX_AGE',
      ['Deployment/email-relay/email-relay spec.template.spec.containers[mailpit].env[MP_MAX_AGE]'],
    ],
    [
      'deploy/email-relay.mailpit.image',
      ['Deployment/email-relay/email-relay spec.template.spec.containers[mailpit].image'],
    ],
    [
      'ns/email-relay.metadata.labels["pod-security.kubernetes.io/enforce"]',
      ['Namespace/email-relay metadata.labels["pod-security.kubernetes.io/enforce"]'],
    ],
    [
      'ns/email-relay.app.kubernetes.io/name',
      ['Namespace/email-relay metadata.labels["app.kubernetes.io/name"]'],
    ],
  ])('%s', (query, expected) => expect(fields(query)).toEqual(expected));

  it('explains each of several fields', () => {
    expect(fields('deploy/email-relay.image').length).toBeGreaterThan(1);
  });

  it.each([
    [
      'deployment/email-rely',
      /no object "deployment\/email-rely" is rendered; near it: Deployment\/email-relay/,
    ],
    ['deploy/email-relay.MP_MAX_AGES', /has no field "MP_MAX_AGES"; near it: MP_MAX_AGE/],
    ['email-relay', /no object "email-relay" is rendered/],
  ])('offers the nearest names for %s', (query, message) => {
    expect(() => explain(query, provenance)).toThrow(message);
  });

  it('says the value, the line, the setting, where it is said and why', () => {
    const [explanation] = explain('deploy/email-relay.MP_MAX_AGE.value', provenance);
    const text = explanation && printExplanation('prod', explanation);
    expect(text).toContain('env[MP_MAX_AGE].value = "30d"');
    expect(text).toMatch(/made by +constructs\/mailpit\.ts:\d+\n/);
    expect(text).toMatch(/setting +mailpit\.maxAge = "30d" \(default, app\/settings\.ts:\d+\)\n/);
    expect(text).toContain('why      mail is personal data: keep it no longer than you look at it');
  });

  it('says of what is not rendered which setting would bring it', () => {
    const [explanation] = explain('deploy/email-relay.MP_DISABLE_WAL', provenance);
    expect(explanation && printExplanation('prod', explanation)).toMatch(
      /now +not rendered[^]*setting +storage\.networkFileSystem = not set/,
    );
  });
});
