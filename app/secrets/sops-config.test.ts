import { describe, expect, it } from '@jest/globals';
import { configuredRecipients, replaceRecipient } from './sops-config.ts';

const config = `creation_rules:
  - path_regex: secrets/prod/.*\\.enc\\.yaml$
    age: age1old, age1other # the old one
  - path_regex: secrets/staging/
    pgp: ABCD
  - age: [age1b, age1a]
`;

describe('configuredRecipients', () => {
  it.each([
    ['secrets/prod/a.enc.yaml', ['age1old', 'age1other']],
    ['secrets/staging/a.enc.yaml', undefined],
    ['secrets/test/a.enc.yaml', ['age1a', 'age1b']],
  ])('takes those of the first rule that matches %s', (path, recipients) => {
    expect(configuredRecipients(config, path)).toEqual(recipients);
  });
});

describe('replaceRecipient', () => {
  it('replaces the line with its comment, and no other byte', () => {
    const before = '# age1old is named here\nrules:\n  - age: age1old # EXAMPLE\n    x: y\n';
    const after = '# age1old is named here\nrules:\n  - age: age1new\n    x: y\n';
    expect(replaceRecipient(before, 'age1old', 'age1new')).toBe(after);
  });

  it('keeps the other recipients of the line', () => {
    expect(replaceRecipient('age: age1a, age1old,age1b\n', 'age1old', 'age1new')).toBe(
      'age: age1a, age1new,age1b\n',
    );
  });

  it('says so when the old one is not there', () => {
    expect(replaceRecipient('rules:\n  - age: age1older\n', 'age1old', 'age1new')).toBeUndefined();
  });
});
