import { type ConsequenceKind, type Context, type Found, kindOf } from '../consequence.ts';

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
    for (const change of context.changes) {
      const { key, fields } = change;
      if (change.kind === 'moved') {
        yield {
          weight: 'note',
          object: key,
          fields: [],
          says: `only its file moved, from ${change.before?.file ?? ''}`,
        };
      } else if (kindOf(change) === 'kustomize.config.k8s.io/Kustomization') {
        yield { weight: 'note', object: key, fields: [], says: 'the index of the folder follows its files' };
      } else if (
        fields.length > 0 &&
        fields.every(({ field }) => WORDS.test(field) && !ACTED_ON.test(field))
      ) {
        const words = fields.map(({ field }) => field);
        yield {
          weight: 'note',
          object: key,
          fields: words,
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
