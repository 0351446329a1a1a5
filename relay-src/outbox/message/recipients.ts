/** Who a header names, and what of it may stay when only the envelope counts. */
import { parseMailbox, mailboxText } from '../../smtp/address.ts';
import { parseAddressList, type ListedEntry, type ListedMailbox } from '../../smtp/address-list.ts';

/** The recipients of the envelope, found by what a header says of them. */
export class Envelope {
  /** Canonical address: the spelling of the envelope. */
  readonly #exact = new Map<string, string>();
  readonly #folded = new Map<string, string>();

  constructor(recipients: readonly string[]) {
    for (const recipient of recipients) {
      const key = canonical(recipient);
      this.#exact.set(key, recipient);
      this.#folded.set(key.toLowerCase(), recipient);
    }
  }

  get addresses(): readonly string[] {
    return [...this.#exact.values()];
  }

  /**
   * The recipient whom this address of a header means; undefined if it means nobody of the envelope. Local parts that
   * differ in case alone are taken for the same, as every large service does, but the envelope's spelling counts.
   */
  find(address: string): string | undefined {
    return this.#exact.get(address) ?? this.#folded.get(address.toLowerCase());
  }
}

/** `local@domain` with the domain in lower-case A-labels; as it is, if it is no address. */
export function canonical(address: string): string {
  const mailbox = parseMailbox(address);
  return mailbox === undefined ? address : mailboxText(mailbox);
}

/** What is left of an address field. */
export interface Kept {
  /** The new value without the name of the field, one character an octet; undefined if it may stay as it is. */
  readonly value: string | undefined;
  /** Nothing is left of it, and the field goes. */
  readonly empty: boolean;
  /** Recipients of the envelope that it still names. */
  readonly named: readonly string[];
  /** Addresses that are not in the envelope. */
  readonly strangers: readonly string[];
}

/** Keeps what the envelope holds. Undefined if the value is not a list of addresses. */
export function keepRecipients(value: string, envelope: Envelope): Kept | undefined {
  const list = parseAddressList(value);
  if (list === undefined) return undefined;
  const { entries } = list;
  const all = entries.flatMap(mailboxes);
  const found = all.map((one) => ({ one, recipient: envelope.find(one.address) }));
  const named = found.flatMap(({ recipient }) => recipient ?? []);
  const strangers = found.filter(({ recipient }) => recipient === undefined).map(({ one }) => one.address);
  const isUntouched =
    list.strict &&
    found.every(({ one, recipient }) => recipient !== undefined && canonical(recipient) === one.address);
  const rest = isUntouched ? [] : entries.flatMap((entry) => rendered(value, entry, envelope) ?? []);
  return {
    value: isUntouched ? undefined : ` ${rest.join(',\r\n\t')}`,
    empty: isUntouched ? entries.length === 0 : named.length === 0,
    named,
    strangers,
  };
}

/** All addresses of a field, groups opened. Undefined if it is not a list of addresses. */
export function namedAddresses(value: string): string[] | undefined {
  return parseAddressList(value)
    ?.entries.flatMap(mailboxes)
    .map(({ address }) => address);
}

const mailboxes = (entry: ListedEntry): readonly ListedMailbox[] =>
  entry.kind === 'group' ? entry.members : [entry];

/** The entry as far as the envelope holds it; undefined if nothing of it does. */
function rendered(text: string, entry: ListedEntry, envelope: Envelope): string | undefined {
  if (entry.kind === 'mailbox') return renderedMailbox(text, entry, envelope);
  const members = entry.members.flatMap((member) => renderedMailbox(text, member, envelope) ?? []);
  if (members.length === 0) return undefined;
  return `${text.slice(entry.phrase.start, entry.phrase.end)}: ${members.join(',\r\n\t')};`;
}

function renderedMailbox(text: string, one: ListedMailbox, envelope: Envelope): string | undefined {
  const recipient = envelope.find(one.address);
  if (recipient === undefined) return undefined;
  const written = text.slice(one.spec.start, one.spec.end);
  const address = canonical(recipient) === one.address ? written : Buffer.from(recipient).toString('latin1');
  if (!one.ambiguous && !one.oddComment)
    return text.slice(one.start, one.spec.start) + address + text.slice(one.spec.end, one.end);
  const phrase = text.slice(one.phrase.start, one.phrase.end).replace(/\r\n/g, '');
  return `"${phrase.replace(/["\\]/g, '')}" <${address}>`;
}
