import { until } from '../up/until.ts';

/** A mail as Mailpit has it, reduced to what the smoke run compares. */
export interface StoredMail {
  readonly subject: string;
  readonly from: string;
  /** All recipients, `Bcc` last: Mailpit puts there whom only the envelope named. */
  readonly to: readonly string[];
  readonly text: string;
}

interface Address {
  readonly Address: string;
}

/** The shape that Mailpit's API promises at /api/v1/message/{ID}; null where a header is missing. */
interface Message {
  readonly Subject: string;
  readonly From: Address;
  readonly To: readonly Address[] | null;
  readonly Bcc: readonly Address[] | null;
  readonly Text: string;
}

/**
 * Waits until Mailpit shows the one mail with this subject.
 *
 * @param headers of every request, where the UI asks for a password.
 */
export async function findMail(
  ui: string,
  subject: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<StoredMail> {
  const query = encodeURIComponent(`subject:"${subject}"`);
  const id = await until(`"${subject}" in Mailpit`, async () => {
    const { messages } = await get<{ messages: { ID: string }[] }>(
      `${ui}/api/v1/search?query=${query}`,
      headers,
    );
    if (messages.length > 1) throw new Error(`it is there ${messages.length} times`);
    return messages[0]?.ID;
  });
  const message = await get<Message>(`${ui}/api/v1/message/${id}`, headers);
  return {
    subject: message.Subject,
    from: message.From.Address,
    to: [...(message.To ?? []), ...(message.Bcc ?? [])].map(({ Address: address }) => address),
    text: message.Text.trim(),
  };
}

/** How many mails Mailpit has. */
export async function countMails(ui: string): Promise<number> {
  return (await get<{ messages_count: number }>(`${ui}/api/v1/messages?limit=1`)).messages_count;
}

async function get<T>(url: string, headers: Readonly<Record<string, string>> = {}): Promise<T> {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the pinned Mailpit's own API
  return (await response.json()) as T;
}
