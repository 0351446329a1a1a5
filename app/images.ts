/**
 * `app/images/<environment>.yaml`, the one source of image references. Flux bumps the marked lines there and in
 * `dist/` in one commit, so that the next synth changes nothing.
 */
import { isMap, isScalar, parseDocument } from 'yaml';
import { markerText, type SetterMarker } from '../flux/setter-marker.ts';
import { policyName, tagPattern } from '../flux/image-automation.ts';

/** Images of this repository, which Flux bumps. */
const OWN_IMAGES = ['mx-validator', 'outbox'] as const;

export type OwnImage = (typeof OWN_IMAGES)[number];
/** The program that delivers, which is also the name of its image. */
export type LastHopName = 'outbox' | 'smtp2graph';

export type ImageName = OwnImage | 'mailpit' | 'smtp2graph';

/** Full references of those that run, by container: registry, path, tag, and a digest where one was pinned. */
export type Images = Readonly<Partial<Record<ImageName, string>>>;

/** @throws Error for a container that this environment does not run */
export function imageOf(images: Images, name: ImageName): string {
  const reference = images[name];
  if (reference === undefined) throw new Error(`there is no image of ${name}`);
  return reference;
}

/** Those of our own images that an environment runs. */
export function ownImages(lastHop: LastHopName): OwnImage[] {
  return OWN_IMAGES.filter((image) => image === 'mx-validator' || image === lastHop);
}

const REFERENCE =
  /^(?<repository>[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+):(?<tag>\w[\w.-]{0,127})(@sha256:[0-9a-f]{64})?$/;

/** A tag that somebody may move tomorrow: no version, or only a part of one. */
const FULL_VERSION = /^v?\d+\.\d+\.\d+/;

export interface ImagesContext {
  readonly environment: string;
  /** Registry and path of our own images. */
  readonly prefix: string;
  /** Namespace of the image policies. */
  readonly policyNamespace: string;
  readonly lastHop: LastHopName;
  /** Whether Flux bumps our own images: the marked lines are then required. */
  readonly automation: boolean;
}

/** The marker of an own image, for its line here and for its line in the Deployment. */
export function imageMarker(
  image: OwnImage,
  { environment, policyNamespace }: Pick<ImagesContext, 'environment' | 'policyNamespace'>,
): SetterMarker {
  return { container: image, policy: policyName(image, environment), policyNamespace };
}

/** Reads the file's text. Each problem is one line without the file's name. */
export function parseImages(
  text: string,
  context: ImagesContext,
): { images: Images } | { problems: string[] } {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) return { problems: [`not valid YAML: ${error.message.split('\n')[0]}`] };
  if (!isMap(document.contents)) return { problems: ['expected a line `name: reference` for each image'] };

  const lines = new Map<string, { reference: string; comment: string | undefined }>();
  for (const { key, value } of document.contents.items) {
    if (!isScalar(key) || !isScalar(value)) continue;
    lines.set(String(key.value), { reference: String(value.value), comment: value.comment?.trim() });
  }
  const needed = ['mx-validator', 'mailpit', context.lastHop] as const;
  const names: readonly string[] = needed;
  const problems = [
    ...[...lines.keys()]
      .filter((name) => !names.includes(name))
      .map((name) => `${name}: no container uses this image; known are ${names.join(', ')}`),
    ...names
      .filter((name) => !lines.has(name))
      .map((name) => `${name}: missing; expected a line \`${name}: reference\``),
    ...[...lines].flatMap(([name, { reference, comment }]) => {
      if (!names.includes(name)) return [];
      const own = OWN_IMAGES.find((image) => image === name);
      return own === undefined
        ? thirdPartyProblems(name, reference, comment)
        : ownProblems(own, reference, comment, context);
    }),
  ];
  if (problems.length > 0) return { problems };
  return { images: Object.fromEntries(needed.map((name) => [name, lines.get(name)?.reference])) };
}

function ownProblems(
  image: OwnImage,
  reference: string,
  comment: string | undefined,
  context: ImagesContext,
): string[] {
  const repository = `${context.prefix}/${image}`;
  const parts = REFERENCE.exec(reference)?.groups;
  // RE2's named groups, as Flux reads them, begin with ?P<.
  const tags = new RegExp(tagPattern(context.environment).replaceAll('(?P<', '(?<'));
  const problems: string[] = [];
  if (parts === undefined || parts['repository'] !== repository) {
    problems.push(
      `${image}: "${reference}" is not an image of registry.prefix; expected ${repository}:${context.environment}-YYYYMMDD.N`,
    );
  } else if (!tags.test(parts['tag'] ?? '')) {
    problems.push(
      `${image}: Flux's policy does not know the tag "${parts['tag']}"; expected ${context.environment}-YYYYMMDD.N, N without leading zeros`,
    );
  }
  const marker = markerText(imageMarker(image, context));
  if (context.automation && comment !== marker) {
    problems.push(
      `${image}: Flux would not bump this line; expected it to end with \`# ${marker}\` and nothing more`,
    );
  }
  return problems;
}

function thirdPartyProblems(name: string, reference: string, comment: string | undefined): string[] {
  const tag = REFERENCE.exec(reference)?.groups?.['tag'];
  const problems: string[] = [];
  if (tag === undefined || !FULL_VERSION.test(tag)) {
    problems.push(`${name}: "${reference}" does not name a full version; expected repository:1.2.3`);
  }
  if (comment?.includes('$imagepolicy'))
    problems.push(`${name}: no image policy bumps this one; take the marker away`);
  return problems;
}
