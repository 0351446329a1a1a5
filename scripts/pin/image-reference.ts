/** An image reference, taken apart as container engines do it. */
export interface ImageReference {
  /** The reference without its digest, as it was written. */
  readonly tagged: string;
  /** Host, and port if any, of the registry's API. */
  readonly registry: string;
  /** The repository's name in that API. */
  readonly repository: string;
  readonly tag: string;
  readonly digest?: string | undefined;
}

const pattern = /^(?<name>[^@\s]+):(?<tag>[\w][\w.-]{0,127})(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/**
 * Reads `registry/name:tag`, with or without a digest. A name without a registry is Docker Hub's, whose API
 * has another host name and keeps official images under `library/`.
 *
 * @returns undefined when there is no tag: a digest says what runs, only a tag says what it is.
 */
export function parseImageReference(text: string): ImageReference | undefined {
  const { name, tag, digest } = pattern.exec(text)?.groups ?? {};
  if (name === undefined || tag === undefined) return undefined;
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const named = /[.:]/.test(first) || first === 'localhost';
  const path = named ? name.slice(slash + 1) : name;
  const hub = !named || first === 'docker.io';
  return {
    tagged: `${name}:${tag}`,
    registry: hub ? 'registry-1.docker.io' : first,
    repository: hub && !path.includes('/') ? `library/${path}` : path,
    tag,
    digest,
  };
}
