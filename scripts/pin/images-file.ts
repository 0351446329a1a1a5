import { isMap, isScalar, parseDocument } from 'yaml';

import { parseImageReference } from './image-reference.ts';
import type { ImageReference } from './image-reference.ts';

/** A line `name: reference` of a file in app/images/. */
export interface ImageLine {
  readonly name: string;
  readonly image: ImageReference;
  /** Where the reference stands in the text, without quotes. */
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the references of an images file.
 *
 * @throws {Error} when the file is not a flat list of tagged references; synth says more about that.
 */
export function imageLines(text: string): ImageLine[] {
  const { contents, errors } = parseDocument(text);
  if (errors[0] !== undefined) throw new Error(errors[0].message);
  if (!isMap(contents)) throw new Error('expected a line `name: reference` for each image');
  return contents.items.map(({ key, value }) => {
    const reference = isScalar(value) ? String(value.value) : '';
    const image = parseImageReference(reference);
    if (!isScalar(value) || !value.range || image === undefined) {
      throw new Error(`${String(key)}: expected repository:tag`);
    }
    const start = text.indexOf(reference, value.range[0]);
    return { name: String(key), image, start, end: start + reference.length };
  });
}

/** The text with the digest behind each reference; comments, and all other bytes, stay. */
export function withDigests(text: string, digests: ReadonlyMap<ImageLine, string>): string {
  let result = text;
  for (const [{ image, start, end }, digest] of [...digests].toSorted(([a], [b]) => b.start - a.start)) {
    result = `${result.slice(0, start)}${image.tagged}@${digest}${result.slice(end)}`;
  }
  return result;
}
