import { describe, expect, it } from '@jest/globals';
import { parseImages } from './images.ts';

const context = {
  environment: 'prod',
  prefix: 'registry.example.local/x',
  policyNamespace: 'example',
  lastHop: 'outbox',
  automation: true,
} as const;
const MARKER = '# {"$imagepolicy": "example:mx-validator-prod-policy"}';

function file(lines: Partial<Record<'mx-validator' | 'mailpit' | 'outbox' | 'sidecar', string>>): string {
  const all = {
    'mx-validator': `registry.example.local/x/mx-validator:prod-20260101.1 ${MARKER}`,
    outbox:
      'registry.example.local/x/outbox:prod-20260101.2 # {"$imagepolicy": "example:outbox-prod-policy"}',
    mailpit: 'axllent/mailpit:v1.30.5',
    ...lines,
  };
  return Object.entries(all)
    .map(([name, line]) => `${name}: ${line}\n`)
    .join('');
}

describe('parseImages', () => {
  it('reads the references, digests included', () => {
    const pinned = `axllent/mailpit:v1.30.5@sha256:${'0'.repeat(64)}`;
    expect(parseImages(file({ mailpit: pinned }), context)).toEqual({
      images: {
        'mx-validator': 'registry.example.local/x/mx-validator:prod-20260101.1',
        mailpit: pinned,
        outbox: 'registry.example.local/x/outbox:prod-20260101.2',
      },
    });
  });

  it('wants the image of the last hop that delivers, and no other', () => {
    const smtp2graph = { ...context, lastHop: 'smtp2graph' } as const;
    const text = file({}).replace(/^outbox: .*$/m, 'smtp2graph: smtp2graph/smtp2graph:v1.1.4');
    expect(parseImages(text, smtp2graph)).toHaveProperty('images.smtp2graph', 'smtp2graph/smtp2graph:v1.1.4');
    expect(parseImages(file({}), smtp2graph)).toEqual({
      problems: [
        'outbox: no container uses this image; known are mx-validator, mailpit, smtp2graph',
        'smtp2graph: missing; expected a line `smtp2graph: reference`',
      ],
    });
  });

  it.each([
    [
      'a leading zero in the number',
      `registry.example.local/x/mx-validator:prod-20260101.01 ${MARKER}`,
      /Flux's policy does not know the tag "prod-20260101.01"/,
    ],
    [
      'the tag of another environment',
      `registry.example.local/x/mx-validator:staging-20260101.1 ${MARKER}`,
      /expected prod-YYYYMMDD\.N/,
    ],
    [
      'another registry',
      `docker.io/x/mx-validator:prod-20260101.1 ${MARKER}`,
      /is not an image of registry\.prefix; expected registry\.example\.local\/x\/mx-validator:/,
    ],
    [
      'words behind the marker',
      `registry.example.local/x/mx-validator:prod-20260101.1 ${MARKER} keep`,
      /Flux would not bump this line/,
    ],
    ['no marker', 'registry.example.local/x/mx-validator:prod-20260101.1', /Flux would not bump this line/],
  ])('refuses our own image with %s', (_what, line, problem) => {
    expect(parseImages(file({ 'mx-validator': line }), context)).toEqual({
      problems: [expect.stringMatching(problem)],
    });
  });

  it.each([
    ['a floating tag', 'axllent/mailpit:latest'],
    ['half a version', 'axllent/mailpit:v1.30'],
    ['no tag', 'axllent/mailpit'],
  ])('refuses a third-party image with %s', (_what, line) => {
    expect(parseImages(file({ mailpit: line }), context)).toEqual({
      problems: [expect.stringContaining('does not name a full version; expected repository:1.2.3')],
    });
  });

  it('refuses a marker on a third-party image, an unknown image and a missing one', () => {
    const text = file({ mailpit: `axllent/mailpit:v1.30.5 ${MARKER}`, sidecar: 'x/y:1.0.0' }).replace(
      /outbox.*\n/,
      '',
    );
    expect(parseImages(text, context)).toEqual({
      problems: [
        'sidecar: no container uses this image; known are mx-validator, mailpit, outbox',
        'outbox: missing; expected a line `outbox: reference`',
        'mailpit: no image policy bumps this one; take the marker away',
      ],
    });
  });

  it('needs no marker where image automation is off', () => {
    const line = 'registry.example.local/x/mx-validator:prod-20260101.1';
    expect(parseImages(file({ 'mx-validator': line }), { ...context, automation: false })).toHaveProperty(
      'images',
    );
  });
});
