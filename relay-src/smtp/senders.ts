/**
 * Who may send: a list of addresses and domains, asked about the envelope sender and about From and Sender in
 * the header, because the next hop may choose the sending mailbox by either.
 */
import { mailboxText, parseMailbox, toALabels } from './address.ts';
import { soleAddress } from './header-address.ts';
import type { HeaderFindings } from './header.ts';

export interface SenderList {
  /** Lower-case addresses. */
  readonly addresses: ReadonlySet<string>;
  /** A-label domains; each covers itself, not its subdomains. */
  readonly domains: ReadonlySet<string>;
}

/** Reads a list of addresses and domains; a string says what is wrong. */
export function parseSenderList(entries: readonly string[]): SenderList | string {
  const addresses = new Set<string>();
  const domains = new Set<string>();
  for (const entry of entries) {
    if (entry.includes('@')) {
      const mailbox = parseMailbox(entry);
      if (mailbox === undefined) return `${entry} is not a mail address`;
      addresses.add(mailboxText(mailbox).toLowerCase());
    } else {
      const domain = toALabels(entry);
      if (domain === undefined) return `${entry} is neither a mail address nor a domain`;
      domains.add(domain);
    }
  }
  return addresses.size + domains.size === 0
    ? 'the list is empty, so nobody could send'
    : { addresses, domains };
}

/** The address that was found last: an application says the same one in each of its messages, twice. */
let last: { readonly senders: SenderList | undefined; readonly address: string } = {
  senders: undefined,
  address: '',
};

/** True if this address may send. */
export function isAllowed(senders: SenderList, address: string): boolean {
  if (address === last.address && senders === last.senders) return true;
  const folded = address.toLowerCase();
  const domain = folded.slice(folded.lastIndexOf('@') + 1);
  if (!senders.addresses.has(folded) && !senders.domains.has(domain)) return false;
  last = { senders, address };
  return true;
}

/**
 * Undefined if the header may pass: exactly one From with exactly one allowed address, and each Sender, where
 * there is one, allowed too. Otherwise what is wrong, for the refusal.
 */
export function headerProblem(senders: SenderList, findings: HeaderFindings): string | undefined {
  if (findings.from.length !== 1) return findings.from.length === 0 ? 'no From' : 'more than one From';
  const from = soleAddress(findings.from[0] ?? '');
  if (from === undefined) return 'From is not exactly one address';
  if (!isAllowed(senders, from)) return `From ${from} is not allowed here`;
  for (const value of findings.sender) {
    const sender = soleAddress(value ?? '');
    if (sender === undefined) return 'Sender is not exactly one address';
    if (!isAllowed(senders, sender)) return `Sender ${sender} is not allowed here`;
  }
  return undefined;
}
