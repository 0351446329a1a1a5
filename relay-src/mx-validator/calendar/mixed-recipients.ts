import type { mixedRecipientModes } from '../contract.ts';

type MixedMode = (typeof mixedRecipientModes)[number];

export interface StripDecision {
  /** Run the message through the cutter. */
  readonly strip: boolean;
  /** The accepted recipients are listed in part: worth a log line, whatever the mode makes of it. */
  readonly mixed: boolean;
}

/** The recipients whose mail is to lose its calendar parts. */
export class StripList {
  readonly #addresses: ReadonlySet<string>;
  readonly #mode: MixedMode;

  /**
   * @param addresses `local@domain`; internationalised domains as A-labels, here and in `decide`
   * @param mode `keep` leaves the message whole unless all recipients are listed; `strip-all` cuts if any is
   */
  constructor(addresses: Iterable<string>, mode: MixedMode = 'keep') {
    this.#addresses = new Set([...addresses].map(fold));
    this.#mode = mode;
  }

  /**
   * Decides for one transaction, from nothing but its recipients: ask at DATA, when it is known which of
   * them the upstream accepted.
   */
  decide(accepted: readonly string[]): StripDecision {
    const listed = accepted.filter((address) => this.#addresses.has(fold(address))).length;
    const mixed = listed > 0 && listed < accepted.length;
    return { strip: mixed ? this.#mode === 'strip-all' : listed > 0, mixed };
  }
}

/**
 * RFC 5321 2.4 leaves the case of the local part to its host. The mailboxes that this list is for ignore
 * it, and a miss would bring back the duplicate invitation.
 */
function fold(address: string): string {
  return address.trim().toLowerCase();
}
