/** An image reference, taken apart. */
export interface Image {
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** `registry:5000/team/app:v1@sha256:…`: the last colon is a tag's only after the last slash. */
export function parseImage(reference: string): Image {
  const [rest = '', digest] = reference.split('@');
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  return colon < 0
    ? { name: rest, tag: undefined, digest }
    : { name: rest.slice(0, colon), tag: rest.slice(colon + 1), digest };
}
