/** Messages and their deliveries for tests of the transports. */
import { isDeepStrictEqual } from 'node:util';
import type { Delivery, Offered, Verdict, Verdicts } from '../outbox/transport.ts';

/** A delivery whose memory lasts over attempts, as the queue keeps it. */
export class TestDelivery implements Delivery {
  readonly id = '4x7kq2';
  readonly smtpUtf8: boolean;
  readonly size: number;
  readonly sender: string;
  readonly recipients: readonly string[];
  memory: string | undefined;
  signal = new AbortController().signal;
  /** Called before each memory is stored: a test may crash here. */
  beforeRemember: (memory: string | undefined) => void = () => undefined;
  readonly #message: Buffer;

  constructor(
    message: string | Buffer,
    recipients: readonly string[],
    options: { sender?: string; smtpUtf8?: boolean } = {},
  ) {
    this.#message = Buffer.from(message);
    this.size = this.#message.length;
    this.recipients = recipients;
    this.sender = options.sender ?? 'app@example.com';
    this.smtpUtf8 = options.smtpUtf8 ?? false;
  }

  /** The same message before it is accepted. */
  offered(): Offered {
    const { recipients, sender, size, smtpUtf8 } = this;
    const end = this.#message.indexOf('\r\n\r\n');
    const header = end < 0 ? this.#message : this.#message.subarray(0, end + 4);
    return { sender, recipients, smtpUtf8, size, header, read: () => this.read() };
  }

  read(): Promise<Buffer> {
    return Promise.resolve(this.#message);
  }

  remember(memory: string | undefined): Promise<void> {
    this.beforeRemember(memory);
    this.memory = memory;
    return Promise.resolve();
  }
}

/** The verdict that all recipients have in common. */
export function onlyVerdict(verdicts: Verdicts): Verdict {
  const [first, ...rest] = verdicts.values();
  if (first === undefined || rest.some((one) => !isDeepStrictEqual(one, first)))
    throw new Error('not one verdict');
  return first;
}
