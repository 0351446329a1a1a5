/** A file of the repository, and a line in it where one is known. */
export interface Place {
  /** Relative to the repository, with `/`. */
  readonly file: string;
  readonly line?: number;
}

/** `app/settings.ts:12`, as editors open it. */
export function placeText({ file, line }: Place): string {
  return line === undefined ? file : `${file}:${line}`;
}
