/**
 * What the cutter says about a message. The reasons are a closed set, so that they can be the values
 * of a metric label.
 */

/** Why a calendar part, or a place where one could hide, was left as it was. */
export const skipReasons = [
  /** A calendar part under multipart/signed: cutting it would break the signature (RFC 1847 2.1). */
  'signed',
  /** multipart/encrypted or application/pkcs7-mime: its content cannot be read here. */
  'encrypted',
  /** application/ms-tnef (winmail.dat): a format of its own, not MIME. */
  'tnef',
  /** message/rfc822 in base64 or quoted-printable, which RFC 2046 5.2.1 forbids. */
  'encoded-message',
  /** message/partial or message/external-body: the content is in another message or place. */
  'partial-message',
  /** A multipart without a usable boundary parameter. */
  'boundary',
  /** Deeper than the limit; the rest of the message is copied uncut. */
  'depth',
  /** More parts than the limit; the rest of the message is copied uncut. */
  'parts',
  /** A longer header, or delimiter line, than the limit; the rest of the message is copied uncut. */
  'header-size',
] as const;

export type SkipReason = (typeof skipReasons)[number];

/** Complete after `end()`. */
export interface CalendarReport {
  /** Calendar parts that were cut, or replaced by the note. */
  cut: number;
  /** Times that each reason kept us from cutting. */
  skipped: Record<SkipReason, number>;
  /** The message carries a DKIM signature: if anything was cut it no longer verifies (RFC 6376 6.3). */
  dkimSigned: boolean;
}

export function emptyReport(): CalendarReport {
  return {
    cut: 0,
    skipped: {
      signed: 0,
      encrypted: 0,
      tnef: 0,
      'encoded-message': 0,
      'partial-message': 0,
      boundary: 0,
      depth: 0,
      parts: 0,
      'header-size': 0,
    },
    dkimSigned: false,
  };
}
