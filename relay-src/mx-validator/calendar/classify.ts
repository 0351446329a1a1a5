import { parseStructured } from './content-type.ts';
import type { StructuredValue } from './content-type.ts';
import { fieldValues } from '../../smtp/header-fields.ts';
import type { HeaderField } from '../../smtp/header-fields.ts';
import { fileNames, isCalendarFile, isCalendarType } from './is-calendar.ts';
import { maxDelimiterLine } from './limits.ts';
import type { SkipReason } from './report.ts';

/** What a header says about the body that follows it. */
export type Entity =
  | {
      readonly kind: 'multipart';
      readonly boundary: string;
      readonly signed: boolean;
      readonly digest: boolean;
    }
  | { readonly kind: 'message' }
  | { readonly kind: 'calendar' }
  /** A place for a calendar that we do not look into. */
  | { readonly kind: 'opaque'; readonly reason: SkipReason }
  /** The first octets of the body, decoded from this transfer encoding, have to be looked at. */
  | { readonly kind: 'leaf'; readonly encoding: string };

/**
 * A field should be there once. Where it is not, most receivers believe the first and some the last, so
 * what is never touched wins wherever it stands, then a multipart that comes first, then a calendar.
 *
 * @param inDigest a part of multipart/digest is a message unless it says otherwise (RFC 2046 5.1.5)
 */
export function classify(fields: readonly HeaderField[], inDigest = false): Entity {
  const types = fieldValues(fields, 'content-type').map(parseStructured);
  if (types.length === 0 && inDigest) types.push({ value: 'message/rfc822', parameters: new Map() });
  const dispositions = fieldValues(fields, 'content-disposition').map(parseStructured);
  const encoding = transferEncoding(fields);

  const reason = types.map(unreadable).find((one) => one !== undefined);
  if (reason) return { kind: 'opaque', reason };
  const multiparts = types.filter((type) => type.value.startsWith('multipart/'));
  if (multiparts.length > 0 && multiparts[0] === types[0]) return asMultipart(multiparts);
  if (types.some((type) => isCalendarType(type.value))) return { kind: 'calendar' };
  if (multiparts.length > 0) return asMultipart(multiparts);
  const names = fileNames([...types, ...dispositions]);
  if (names.some(isCalendarFile)) return { kind: 'calendar' };
  if (types.some((type) => type.value === 'message/rfc822' || type.value === 'message/global')) {
    return isEncoded(encoding) ? { kind: 'opaque', reason: 'encoded-message' } : { kind: 'message' };
  }
  if (names.some((name) => name.toLowerCase() === 'winmail.dat')) return { kind: 'opaque', reason: 'tnef' };
  return { kind: 'leaf', encoding };
}

function unreadable({ value, parameters }: StructuredValue): SkipReason | undefined {
  switch (value) {
    case 'multipart/encrypted':
      return 'encrypted';
    case 'application/pkcs7-mime':
    case 'application/x-pkcs7-mime':
      // RFC 8551 3.2.2. An opaque signature wraps the content in CMS, so it cannot be read here either.
      return parameters.get('smime-type')?.[0]?.toLowerCase() === 'signed-data' ? 'signed' : 'encrypted';
    case 'application/ms-tnef':
    case 'application/vnd.ms-tnef':
      return 'tnef';
    case 'message/partial':
    case 'message/external-body':
      return 'partial-message';
    default:
      return undefined;
  }
}

function asMultipart(types: readonly StructuredValue[]): Entity {
  const boundary = types
    // The grammar of RFC 2046 5.1.1 ends no boundary with a space, and the delimiter line may be padded.
    .map((type) => type.parameters.get('boundary')?.[0]?.trimEnd() ?? '')
    .find((one) => one !== '' && `--${one}--\r\n`.length <= maxDelimiterLine);
  if (boundary === undefined) return { kind: 'opaque', reason: 'boundary' };
  const has = (value: string): boolean => types.some((type) => type.value === value);
  return { kind: 'multipart', boundary, signed: has('multipart/signed'), digest: has('multipart/digest') };
}

function transferEncoding(fields: readonly HeaderField[]): string {
  const [value = '7bit'] = fieldValues(fields, 'content-transfer-encoding');
  return parseStructured(value).value;
}

/** Receivers take an unknown encoding for none. */
function isEncoded(encoding: string): boolean {
  return encoding === 'base64' || encoding === 'quoted-printable' || /^x-uu|^uu/.test(encoding);
}
