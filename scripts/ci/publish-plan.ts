/** The commands that build, push, describe and sign the images, in order. */

export interface PublishOptions {
  /** Names of the images, each with a folder and a Containerfile in `relay-src/`. */
  readonly images: readonly string[];
  /** Registry and path in front of their names. */
  readonly prefix: string;
  readonly tag: string;
  /** Folder for digests and bills of materials. */
  readonly folder: string;
  /** Whether a bill of materials (CycloneDX) is made, and attached where the image is signed. */
  readonly sbom: boolean;
  /** Whether cosign signs the images. */
  readonly sign: boolean;
}

/** A program with its arguments; `digest` stands for what the push before wrote into its file. */
export interface Step {
  readonly command: readonly string[];
  /** File that standard output goes to. */
  readonly output?: string;
}

export const DIGEST = '{digest}';

/** All images are built before the first is pushed, so that one that does not build leaves the registry as it was. */
export function publishPlan(options: PublishOptions): Step[] {
  const { images, prefix, tag, folder, sbom, sign } = options;
  const reference = (image: string): string => `${prefix}/${image}:${tag}`;
  return [
    ...images.map((image): Step => ({
      // No time and no version of the builder: the same sources give the same digest (docs/images.md).
      command: [
        'buildah',
        'bud',
        '--layers',
        '--timestamp',
        '0',
        '--identity-label=false',
        '-f',
        `relay-src/${image}/Containerfile`,
        '-t',
        reference(image),
        '.',
      ],
    })),
    ...(sbom
      ? images.map((image): Step => ({
          command: [
            'npm',
            'sbom',
            '--sbom-format=cyclonedx',
            '--package-lock-only',
            '--omit=dev',
            `--workspace=@email-relay/${image}`,
          ],
          output: `${folder}/${image}.cdx.json`,
        }))
      : []),
    ...images.flatMap((image): Step[] => [
      {
        command: [
          'buildah',
          'push',
          '--digestfile',
          digestFile(folder, image),
          reference(image),
          `docker://${reference(image)}`,
        ],
      },
      ...(sign ? [{ command: ['cosign', 'sign', '--yes', `${prefix}/${image}@${DIGEST}`] }] : []),
      ...(sign && sbom
        ? [
            {
              command: [
                'cosign',
                'attest',
                '--yes',
                '--type',
                'cyclonedx',
                '--predicate',
                `${folder}/${image}.cdx.json`,
                `${prefix}/${image}@${DIGEST}`,
              ],
            },
          ]
        : []),
    ]),
  ];
}

/** Where the digest of a pushed image is written. */
export function digestFile(folder: string, image: string): string {
  return `${folder}/${image}.digest`;
}
