import { parse } from 'yaml';
import { z } from 'zod';

/** One entry below `data` or `stringData` of a Secret. */
export interface SopsEntry {
  readonly field: 'data' | 'stringData';
  readonly key: string;
  /** False where the value lies there in clear. */
  readonly encrypted: boolean;
}

/** What a SOPS-encrypted Secret tells without its key: SOPS leaves the structure and the metadata in clear. */
export interface SopsFile {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly type: string | undefined;
  readonly entries: readonly SopsEntry[];
  /** Absent in a file that SOPS has not touched. */
  readonly sops: SopsMetadata | undefined;
}

export interface SopsMetadata {
  /** age recipients (public keys), sorted. */
  readonly ageRecipients: readonly string[];
  /** True where a cloud KMS, Vault, PGP or a key group can decrypt too; Flux accepts those as well. */
  readonly hasOtherKeys: boolean;
  readonly encryptedRegex: string | undefined;
}

/** The file is not YAML, or not one Kubernetes object. */
export class SopsFileError extends Error {}

const values = z.record(z.string(), z.unknown()).nullish();
const keys = z.array(z.unknown()).nullish();

const secretFile = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({
    name: z.string(),
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  type: z.string().optional(),
  data: values,
  stringData: values,
  sops: z
    .object({
      age: z.array(z.object({ recipient: z.string() })).nullish(),
      encrypted_regex: z.string().optional(),
      kms: keys,
      gcp_kms: keys,
      azure_kv: keys,
      hc_vault: keys,
      hckms: keys,
      pgp: keys,
      key_groups: keys,
    })
    .optional(),
});

/** How SOPS writes every value that it encrypts (an empty string it leaves as it is). */
const encryptedValue = /^ENC\[AES256_GCM,data:[^,\]]+,iv:[^,\]]+,tag:[^,\]]+,type:\w+\]$/;

function entriesOf(
  field: SopsEntry['field'],
  record: Record<string, unknown> | null | undefined,
): SopsEntry[] {
  return Object.entries(record ?? {}).map(([key, value]) => ({
    field,
    key,
    encrypted: typeof value === 'string' && encryptedValue.test(value),
  }));
}

/**
 * Reads a Secret that SOPS has encrypted (or should have), without decrypting it.
 * @throws SopsFileError when the text is not one Kubernetes object; the message never quotes a value.
 */
export function readSopsFile(text: string): SopsFile {
  let document: unknown;
  try {
    document = parse(text);
  } catch {
    // The parser quotes the line it stumbled over, which may hold a secret in clear.
    throw new SopsFileError('is not valid YAML');
  }
  const parsed = secretFile.safeParse(document);
  if (!parsed.success) {
    const paths = parsed.error.issues.map((issue) => issue.path.join('.') || 'the document');
    throw new SopsFileError(
      `is not a SOPS-encrypted Secret: ${[...new Set(paths)].join(', ')} missing or of the wrong type`,
    );
  }
  const { apiVersion, kind, metadata, type, data, stringData, sops } = parsed.data;
  return {
    apiVersion,
    kind,
    name: metadata.name,
    namespace: metadata.namespace,
    annotations: metadata.annotations ?? {},
    type,
    entries: [...entriesOf('data', data), ...entriesOf('stringData', stringData)],
    sops: sops && {
      ageRecipients: (sops.age ?? []).map((key) => key.recipient).toSorted(),
      hasOtherKeys: [
        sops.kms,
        sops.gcp_kms,
        sops.azure_kv,
        sops.hc_vault,
        sops.hckms,
        sops.pgp,
        sops.key_groups,
      ].some((list) => (list ?? []).length > 0),
      encryptedRegex: sops.encrypted_regex,
    },
  };
}
