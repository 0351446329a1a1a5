import { beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { members, type Schema, unwrap } from '../../relay-src/schema/tree.ts';
import { changedFields, fieldsOf, fieldSteps } from '../../render/fields.ts';
import { exampleProvenance } from '../../test/example-provenance.ts';
import { example } from '../../test/example-settings.ts';
import { ROOT } from '../../test/repository.ts';
import type { Environment } from '../environment.ts';
import { parseSettings } from '../setting-problems.ts';
import { schema } from '../settings.ts';
import { renderEnvironment } from '../render-environment.ts';
import { type Provenance, renderedObjects } from './provenance.ts';

let environment: Environment;
let provenance: Provenance;
beforeAll(async () => {
  ({ environment, provenance } = await exampleProvenance());
});

/** Any valid value of a schema node, made from what the node itself says and not from its present value. */
function arbitrary(node: Schema): fc.Arbitrary<unknown> {
  const { inner } = unwrap(node);
  const shape = inner instanceof z.ZodObject ? members(inner) : undefined;
  if (shape !== undefined) {
    const fields = Object.fromEntries(Object.entries(shape).map(([key, child]) => [key, arbitrary(child)]));
    return fc.record(fields);
  }
  if (inner instanceof z.ZodUnion) return fc.oneof(...inner.def.options.map((option) => arbitrary(option)));
  if (inner instanceof z.ZodEnum) return fc.constantFrom(...inner.options);
  if (inner instanceof z.ZodLiteral) return fc.constantFrom(...inner.def.values);
  if (inner instanceof z.ZodBoolean) return fc.boolean();
  if (inner instanceof z.ZodNumber) return fc.integer({ min: 1, max: 65_535 });
  if (inner instanceof z.ZodArray) return fc.uniqueArray(arbitrary(inner.def.element), { maxLength: 3 });
  if (inner instanceof z.ZodRecord) {
    return fc.dictionary(arbitrary(inner.def.keyType).map(String), arbitrary(inner.def.valueType), {
      maxKeys: 3,
    });
  }
  return fc.oneof(
    fc.stringMatching(/^[a-z]{2,8}$/),
    fc.stringMatching(/^[a-z]{2,8}\.example$/),
    fc.stringMatching(/^[a-z]{2,8}@[a-z]{2,8}\.example$/),
    fc.stringMatching(/^203\.0\.[0-9]\.0\/24$/),
    fc.stringMatching(/^[1-9][0-9](m|Mi|Gi|Ki|s|h|d)$/),
    fc.stringMatching(/^https:\/\/[a-z]{2,8}\.example\/[a-z]{2,8}\.git$/),
    fc.uuid(),
  );
}

/** Values of a node that differ from each other; always the same ones. */
function samples(node: Schema, count: number): unknown[] {
  const { inner } = unwrap(node);
  const valid = fc.sample(
    arbitrary(node).filter((value) => z.safeParse(inner, value).success),
    { numRuns: count, seed: 7 },
  );
  return [...new Map(valid.map((value) => [JSON.stringify(value), value])).values()];
}

function* nodes(node: Schema, path: readonly string[]): Generator<{ node: Schema; path: readonly string[] }> {
  const { inner } = unwrap(node);
  if (!(inner instanceof z.ZodObject)) yield { node, path };
  else for (const [key, child] of Object.entries(inner.def.shape)) yield* nodes(child, [...path, key]);
}

function withValue(given: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  return { ...Object(given), [key]: withValue(Object(given)[key], rest, value) };
}

/** What differs in the render with these settings, as `effectsOf` names it. */
function effects(given: unknown): Set<string> {
  const result = parseSettings(given);
  const found = new Set<string>();
  if ('problems' in result) return found;
  const images = { smtp2graph: 'smtp2graph/smtp2graph:v1.1.4', ...environment.images };
  const other = renderedObjects(renderEnvironment({ ...environment, images, settings: result.settings }));
  for (const [key, { manifest }] of provenance.objects) {
    const now = other.get(key)?.manifest;
    if (now === undefined) found.add(key);
    else for (const { field } of changedFields(manifest, now)) found.add(`${key} ${field}`);
  }
  for (const key of other.keys()) if (!provenance.objects.has(key)) found.add(key);
  return found;
}

/**
 * Settings that may change no byte of the render: they choose what is checked, have one value only, or are those of
 * a container that does not run.
 */
const WITHOUT_EFFECT =
  /^(target\.(kubernetes|flux)|flux\.profile|delivery|waivers|resources\.smtp2graph\..*)$/;

describe('the provenance of a field', () => {
  it.each([...nodes(schema, [])].map(({ node, path }) => [path.join('.'), { node, path }] as const))(
    'tells all that %s changes',
    (name, { node, path }) => {
      // The kinds of a union and what lies in each are inputs of their own.
      const inputs = provenance.inputs.filter((input) => `${input.name}.`.startsWith(`${name}.`));
      const told = new Set(inputs.flatMap((input) => [...provenance.effectsOf(input.name)]));
      const kinds = new Set([...told].map(kindOf));
      const changed = samples(node, 2).flatMap((value) => [...effects(withValue(example, path, value))]);
      // What comes to be with a value cannot be named before; that something of its kind changes is.
      const untold = changed.filter(
        (effect) => !told.has(effect) && !(isNew(effect) && kinds.has(kindOf(effect))),
      );
      expect(untold).toEqual([]);
      expect(told.size > 0 || WITHOUT_EFFECT.test(name)).toBe(true);
    },
  );

  function kindOf(effect: string): string {
    return effect.split('/')[0] ?? '';
  }

  /** A field or an object that the render does not have with the settings of today. */
  function isNew(effect: string): boolean {
    const [key = '', field = ''] = effect.split(' ');
    const object = provenance.objects.get(key);
    return object === undefined || (field !== '' && !fieldsOf(object.manifest).has(field));
  }

  it('names a line that has to do with it', () => {
    const astray: string[] = [];
    for (const [key, { manifest, source }] of provenance.objects) {
      if (!source.endsWith('.ts')) continue;
      for (const field of fieldsOf(manifest).keys()) {
        const { file, line } = provenance.of(key, field).construct;
        if (line === undefined) {
          if (!/^(apiVersion|kind)$/.test(field)) astray.push(`${key} ${field}: no line`);
          continue;
        }
        const text = readFileSync(join(ROOT, file), 'utf8').split('\n')[line - 1] ?? '';
        const words = fieldSteps(field).map((step) => (typeof step === 'string' ? step : step.item));
        if (!words.some((word) => text.includes(word)) && !/environment\.|checksum|labels/.test(text))
          astray.push(`${key} ${field}: ${file}:${line} ${text}`);
      }
    }
    expect(astray).toEqual([]);
  });

  it('leads from a field to the setting, its value, its place and its reason', () => {
    const origin = provenance.of(
      'Deployment/email-relay/email-relay',
      'spec.template.spec.containers[mailpit].env[MP_MAX_AGE].value',
    );
    expect(origin).toEqual({
      construct: { file: 'constructs/mailpit.ts', line: expect.any(Number) },
      inputs: [
        {
          kind: 'setting',
          name: 'mailpit.maxAge',
          value: '30d',
          isDefault: true,
          place: { file: 'app/settings.ts', line: expect.any(Number) },
          description: 'age at which Mailpit deletes a message',
          reason: 'mail is personal data: keep it no longer than you look at it',
        },
      ],
    });
  });

  it('tells what would bring a field that is not there', () => {
    const { inputs } = provenance.of(
      'Deployment/email-relay/email-relay',
      'spec.template.spec.containers[mailpit].env[MP_DISABLE_WAL]',
    );
    expect(inputs.map(({ name }) => name)).toContain('storage.networkFileSystem');
  });
});
