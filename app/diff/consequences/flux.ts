import type { FieldChange } from '../../../render/fields.ts';
import {
  type ConsequenceKind,
  type Context,
  type Found,
  kindOf,
  rootOf,
  show,
  type Weight,
} from '../consequence.ts';

type Meaning = readonly [weight: Weight, says: (change: FieldChange) => string, todo?: string];

const from = ({ before, after }: FieldChange): string => `from ${show(before)} to ${show(after)}`;

/** What a field of Flux's objects means when it changes, by kind; the first that matches. */
const MEANINGS: Readonly<Record<string, readonly (readonly [field: RegExp, meaning: Meaning])[]>> = {
  'kustomize.toolkit.fluxcd.io/Kustomization': [
    [
      /^spec\.prune$/,
      [
        'danger',
        ({ after }) =>
          after === true
            ? 'Flux begins to delete what leaves the folder'
            : 'Flux no longer deletes what leaves the folder: old objects stay',
      ],
    ],
    [
      /^spec\.path$/,
      [
        'danger',
        (change) => `Flux applies another folder (${from(change)}) and prunes what that does not hold`,
        'See that every object of the old folder is in the new one, claims and namespace above all.',
      ],
    ],
    [
      /^spec\.force$/,
      [
        'danger',
        ({ after }) =>
          after === true
            ? 'Flux deletes and makes anew what it cannot change, claims with their data included'
            : 'Flux no longer replaces what it cannot change',
      ],
    ],
    [
      /^spec\.deletionPolicy$/,
      [
        'danger',
        (change) => `what happens to the objects when the Kustomization is deleted changes ${from(change)}`,
      ],
    ],
    [
      /^spec\.suspend$/,
      [
        'danger',
        ({ after }) =>
          after === true ? 'Flux stops applying this folder' : 'Flux applies this folder again',
      ],
    ],
    [
      /^spec\.dependsOn\b/,
      ['caution', (change) => `the order of applying changes (${change.field} ${from(change)})`],
    ],
    [
      /^spec\.decryption\b/,
      [
        'danger',
        (change) =>
          `how Flux decrypts changes (${change.field} ${from(change)}); without a key the API server refuses the files`,
      ],
    ],
    [
      /^spec\.sourceRef\b/,
      ['danger', (change) => `Flux takes the folder from another source (${from(change)})`],
    ],
    [
      /^spec\.(wait|timeout|healthChecks)\b/,
      ['note', (change) => `when it counts as ready changes (${change.field} ${from(change)})`],
    ],
    [
      /^spec\.(targetNamespace|namePrefix|nameSuffix|patches|postBuild|components|commonMetadata|images)\b/,
      [
        'danger',
        (change) => `Flux applies other objects than the files say (${change.field} ${from(change)})`,
      ],
    ],
    [
      /^spec\.(interval|retryInterval)$/,
      ['note', (change) => `how often Flux applies changes ${from(change)}`],
    ],
  ],
  'source.toolkit.fluxcd.io/GitRepository': [
    [
      /^spec\.url$/,
      [
        'danger',
        (change) => `Flux follows another repository (${from(change)})`,
        'See that the Secret has credentials for it.',
      ],
    ],
    [/^spec\.ref\b/, ['danger', (change) => `Flux follows another branch (${from(change)})`]],
    [
      /^spec\.(ignore|include)\b/,
      ['caution', (change) => `what Flux sees of the repository changes (${from(change)})`],
    ],
    [
      /^spec\.(secretRef|verify)\b/,
      [
        'caution',
        (change) => `how Flux logs in or verifies commits changes (${change.field} ${from(change)})`,
      ],
    ],
    [
      /^spec\.suspend$/,
      [
        'danger',
        ({ after }) =>
          after === true ? 'Flux no longer follows the repository' : 'Flux follows the repository again',
      ],
    ],
    [/^spec\.interval$/, ['note', (change) => `how often Flux asks for news changes ${from(change)}`]],
  ],
  'image.toolkit.fluxcd.io/ImagePolicy': [
    [
      /^spec\./,
      [
        'caution',
        (change) =>
          `which tag is the newest is decided otherwise (${change.field} ${from(change)}): the next bump can follow at once`,
      ],
    ],
  ],
  'image.toolkit.fluxcd.io/ImageRepository': [
    [/^spec\.image$/, ['caution', (change) => `tags are listed of another image (${from(change)})`]],
    [/^spec\./, ['note', (change) => `how tags are listed changes (${change.field} ${from(change)})`]],
  ],
  'image.toolkit.fluxcd.io/ImageUpdateAutomation': [
    [
      /^spec\.(git\.(checkout|push)|update|sourceRef)\b/,
      ['danger', (change) => `where bumps are committed changes (${change.field} ${from(change)})`],
    ],
    [
      /^spec\.suspend$/,
      ['caution', ({ after }) => (after === true ? 'Flux stops bumping images' : 'Flux bumps images again')],
    ],
    [/^spec\./, ['note', (change) => `how bumps are committed changes (${change.field} ${from(change)})`]],
  ],
};

/** What Flux does otherwise from now on. */
export const flux: ConsequenceKind = {
  id: 'flux',
  title: 'Flux applies, prunes or bumps otherwise',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/',
  transition: true,
  *find(context) {
    for (const change of context.changes) {
      const meanings = MEANINGS[kindOf(change)];
      for (const field of change.fields) {
        const [weight, says, todo] = meanings?.find(([pattern]) => pattern.test(field.field))?.[1] ?? [];
        if (weight === undefined || says === undefined) continue;
        yield {
          weight,
          object: change.key,
          fields: [field.field],
          says: says(field),
          ...(todo === undefined ? {} : { todo }),
        };
      }
    }
    yield* removedKustomizations(context);
    yield* markers(context);
  },
};

/** A Kustomization that goes takes with it what it applied. */
function* removedKustomizations(context: Context): Iterable<Found> {
  for (const change of context.changes) {
    if (change.kind !== 'removed' || kindOf(change) !== 'kustomize.toolkit.fluxcd.io/Kustomization') continue;
    const spec = rootOf(context.before, change.before)?.at('spec');
    const policy = spec?.at('deletionPolicy').text ?? 'MirrorPrune';
    const deletes =
      policy === 'Delete' ||
      policy === 'WaitForTermination' ||
      (policy === 'MirrorPrune' && spec?.at('prune').value === true);
    yield deletes
      ? {
          weight: 'danger',
          object: change.key,
          fields: [],
          says: `Flux deletes all that it applied from ${show(spec?.at('path').value)}`,
          todo: 'Set deletionPolicy: Orphan on the live object first, if that is to stay.',
        }
      : {
          weight: 'caution',
          object: change.key,
          fields: [],
          says: 'Flux leaves what it applied in the cluster, without an owner',
        };
  }
}

const MARKER = /^.*?(\S+): \S+ # (\{"\$imagepolicy".*)$/gm;

/** Lines that Flux's setter knew, or knows from now on. */
function* markers({ before, after }: Context): Iterable<Found> {
  for (const [file, text] of after.texts) {
    const old = before.texts.get(file);
    if (old === undefined || old === text) continue;
    const [was, is] = [old, text].map(
      (one) => new Set(Array.from(one.matchAll(MARKER), ([, , marker]) => marker)),
    );
    for (const marker of was ?? []) {
      if (is?.has(marker) !== true) {
        yield {
          weight: 'danger',
          object: file,
          fields: [],
          says: `Flux no longer bumps the line that was marked ${marker}`,
        };
      }
    }
    for (const marker of is ?? []) {
      if (was?.has(marker) !== true)
        yield {
          weight: 'caution',
          object: file,
          fields: [],
          says: `Flux bumps a line from now on: ${marker}`,
        };
    }
  }
}
