/**
 * What DNS says about a recipient's domain, in the words that the SMTP session needs.
 * The reply for each kind is the session's business; `docs/recipients.md` lists them.
 */

/**
 * - `deliverable`: an MX that mail can use, or no MX at all and an address (RFC 5321 5.1).
 * - `no-such-domain`: proven by an authoritative denial: the name does not exist, or has neither MX, A
 *   nor AAAA, or its MX records name only hosts that no mail server can reach.
 * - `null-mx`: the domain says that it takes no mail (RFC 7505).
 * - `trouble`: nothing is proven. `cause` is one of `troubleCauses`, fit for a log or a metric label.
 */
export type Verdict =
  | { kind: 'deliverable' }
  | { kind: 'no-such-domain' }
  | { kind: 'null-mx' }
  | { kind: 'trouble'; cause: string };

export interface DomainChecker {
  /**
   * Says whether mail can reach a domain, at once if it is known. Never rejects: whatever goes wrong is `trouble`.
   * For a sender's domain ask the same question and refuse `null-mx` only (RFC 7505 4.2).
   *
   * @param aLabelDomain a lower-case name without trailing dot, as `parseDomain` returns it
   */
  check(aLabelDomain: string): Verdict | Promise<Verdict>;
  /** Ends running lookups, which answer `trouble`, and frees their sockets. */
  close(): void;
}

/** Every `cause` of `trouble`: a fixed set, so that it can be a metric label. */
export const troubleCauses = [
  'timeout', // no server answered in time
  'unreachable', // ICMP or TCP says that nobody listens
  'servfail',
  'refused',
  'formerr',
  'notimp',
  'rcode', // another response code, EDNS BADVERS included
  'malformed', // an answer that cannot be decoded
  'lame', // a referral where an answer was due (RFC 2308 2.2)
  'chain', // an alias loop, or more aliases than anyone needs
  'overload', // more lookups at once than allowed
  'closed', // this program is stopping
] as const;

export type TroubleCause = (typeof troubleCauses)[number];
