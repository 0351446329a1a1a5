/** Bounds of the work and memory that one message can cause; past one the rest is copied uncut. */
export interface CalendarLimits {
  /** Multiparts and messages inside each other. */
  readonly depth: number;
  /** Body parts of all multiparts together. */
  readonly parts: number;
  /** Octets of one header block. */
  readonly headerBytes: number;
}

export const defaultLimits: CalendarLimits = { depth: 50, parts: 1000, headerBytes: 64 * 1024 };

/**
 * Octets of one delimiter line with its padding. RFC 2046 5.1.1 allows 70 for the boundary, RFC 5321
 * 4.5.3.1.6 allows 1000 for the line; senders exceed both, receivers accept it.
 */
export const maxDelimiterLine = 4096;
