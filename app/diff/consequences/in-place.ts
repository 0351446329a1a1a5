import type { Consequence, Context } from '../consequence.ts';

const REFERENCE = 'https://kubernetes.io/docs/reference/using-api/server-side-apply/';

/** What is left: objects that are made or changed, of which no other kind had anything to say. */
export function inPlace({ changes }: Context, others: readonly Consequence[]): Consequence[] {
  const told = new Set(others.map(({ object }) => object));
  return changes
    .filter(({ key, kind }) => !told.has(key) && (kind === 'added' || kind === 'changed'))
    .map(({ key, kind, fields }) => ({
      kind: 'in-place',
      weight: 'note',
      object: key,
      fields: fields.map(({ field }) => field),
      says: kind === 'added' ? 'is made' : 'is changed in place: nothing restarts',
      reference: REFERENCE,
    }));
}
