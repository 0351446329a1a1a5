import { parseImage } from '../../../checks/image.ts';
import type { Author, ConsequenceKind, Context } from '../consequence.ts';

const IMAGE = /containers\[([^\]]*)\]\.image$/i;

/** An image that changes: from what to what, and by whom. */
export const images: ConsequenceKind = {
  id: 'image',
  title: 'another image runs',
  reference: 'https://fluxcd.io/flux/guides/image-update/',
  transition: true,
  *find(context) {
    for (const { key, fields, after } of context.changes) {
      for (const { field, before, after: value } of fields) {
        const container = IMAGE.exec(field)?.[1];
        if (container === undefined || typeof value !== 'string') continue;
        if (typeof before !== 'string') {
          yield {
            weight: 'caution',
            object: key,
            fields: [field],
            says: `${container}: comes, from ${value}`,
          };
          continue;
        }
        const marked = isMarked(context.after.texts.get(after?.file ?? '') ?? '', value);
        const older = isOlder(value, before);
        yield {
          weight: older || parseImage(before).name !== parseImage(value).name ? 'danger' : 'note',
          object: key,
          fields: [field],
          says: `${container}: ${difference(before, value)}, ${bumpedBy(context)}`,
          ...(older && marked
            ? {
                todo: 'It is older than before, and Flux will bump it back: suspend its image automation, or narrow the policy.',
              }
            : {}),
        };
      }
    }
  },
};

function difference(before: string, after: string): string {
  const [old, now] = [parseImage(before), parseImage(after)];
  if (old.name !== now.name) return `from ${before} to ${after}`;
  if (old.tag !== now.tag) return `${old.tag ?? 'no tag'} → ${now.tag ?? 'no tag'}`;
  if (old.digest === undefined) return `${now.tag ?? ''} is pinned to ${now.digest ?? 'no digest'}`;
  return now.digest === undefined
    ? `${now.tag ?? ''} is pinned no longer`
    : `the same tag ${now.tag ?? ''} with other content, ${now.digest}`;
}

function bumpedBy(context: Context): string {
  const author = context.authorOf(`app/images/${context.environment}.yaml`);
  if (author === undefined) return 'by an author that git does not know';
  const commit = author.commit === undefined ? 'not committed yet' : `commit ${author.commit}`;
  return isFlux(context, author) ? `bumped by Flux (${commit})` : `by hand (${author.name}, ${commit})`;
}

/** Flux commits under the name that its automation was given. */
function isFlux({ before, after }: Context, { email }: Author): boolean {
  return [before, after].some(({ tree }) =>
    tree
      .of('image.toolkit.fluxcd.io/ImageUpdateAutomation')
      .some((automation) => automation.at('spec', 'git', 'commit', 'author', 'email').text === email),
  );
}

function isMarked(text: string, reference: string): boolean {
  return text.split('\n').some((line) => line.includes(reference) && line.includes('"$imagepolicy"'));
}

/** Are both tags `<environment>-YYYYMMDD.N`, and is the first the older one? */
function isOlder(image: string, other: string): boolean {
  const [a, b] = [order(image), order(other)];
  return a !== undefined && b !== undefined && (a.date < b.date || (a.date === b.date && a.n < b.n));
}

function order(reference: string): { date: number; n: number } | undefined {
  const match = /-(\d{8})\.(\d+)$/.exec(parseImage(reference).tag ?? '');
  return match === null ? undefined : { date: Number(match[1]), n: Number(match[2]) };
}
