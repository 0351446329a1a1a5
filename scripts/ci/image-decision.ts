/** Whether a push needs new images, and what they are called. */

/** A file that a push changed, with every line that it added or removed. */
export interface ChangedFile {
  readonly path: string;
  readonly lines: readonly string[];
}

export interface Decision {
  readonly build: boolean;
  /** One line for the log. */
  readonly because: string;
}

/** What an image is made of: the programs, the packages that are bundled with them, and the bundler. */
const SOURCES = /^(relay-src\/|package-lock\.json$|scripts\/bundle\.ts$)/;
/** What lies there and goes into no image. */
const NOT_BUNDLED = /(\.test\.ts|\.md)$|\/(testing|dialogues)\//;

/** A line that Flux's image automation writes. */
const MARKED = /# \{"\$imagepolicy": "[^"]+"\}\s*$/;

/**
 * Decides for a push: images are built for a change of their sources, and never for a bump, which touches marked
 * lines only: else each bump would build the image of the next.
 */
export function decide(changes: readonly ChangedFile[]): Decision {
  const lines = changes.flatMap((change) => change.lines);
  if (lines.length > 0 && lines.every((line) => MARKED.test(line))) {
    return { build: false, because: 'only lines that Flux bumps changed' };
  }
  const sources = changes
    .map(({ path }) => path)
    .filter((path) => SOURCES.test(path) && !NOT_BUNDLED.test(path));
  return sources.length === 0
    ? { build: false, because: 'nothing that an image is made of changed' }
    : {
        build: true,
        because: `${sources[0]}${sources.length > 1 ? ` and ${sources.length - 1} more` : ''} changed`,
      };
}

/**
 * `prod-20260102.7`: the day in UTC and the number of the pipeline, as the image policy orders them.
 *
 * @param number of the pipeline; it only ever grows
 * @throws when the number is none
 */
export function imageTag(environment: string, time: Date, number: string): string {
  if (!/^(0|[1-9]\d*)$/.test(number)) {
    throw new Error(`"${number}" is no number of a pipeline: expected digits without leading zeros`);
  }
  if (Number.isNaN(time.getTime())) throw new Error('the time of the pipeline is not readable');
  return `${environment}-${time.toISOString().slice(0, 10).replaceAll('-', '')}.${number}`;
}
