import type { ConsequenceKind, Context, Found } from '../consequence.ts';
import { kindOf } from '../consequence.ts';

const WORDS = /^metadata\.(labels|annotations)\b/;
/** Annotations and labels that something acts on. */
const ACTED_ON =
  /(fluxcd\.io|pod-security\.kubernetes\.io|kubernetes\.io\/ingress|cert-manager\.io|checksum\/)/;

/** What nobody notices: the files' own form, the index of a folder, labels and annotations that nothing reads. */
export const cosmetic: ConsequenceKind = {
  id: 'cosmetic',
  title: 'nothing that runs changes',
  reference: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/',
  transition: true,
  *find(context: Context): Iterable<Found> {
    for (const { key, kind, fields, before, after, ...rest } of context.changes) {
      if (kind === 'moved') {
        yield {
          weight: 'note',
          object: key,
          fields: [],
          says: `only its file moved, from ${before?.file ?? ''}`,
        };
      } else if (
        kindOf({ key, kind, fields, before, after, ...rest }) === 'kustomize.config.k8s.io/Kustomization'
      ) {
        yield { weight: 'note', object: key, fields: [], says: 'the index of the folder follows its files' };
      } else if (
        fields.length > 0 &&
        fields.every(({ field }) => WORDS.test(field) && !ACTED_ON.test(field))
      ) {
        yield {
          weight: 'note',
          object: key,
          fields: fields.map(({ field }) => field),
          says: 'only labels or annotations of the object itself',
        };
      }
    }
    for (const file of context.forms) {
      yield {
        weight: 'note',
        object: file,
        fields: [],
        says: 'only comments, order or spelling of the file',
      };
    }
  },
};
