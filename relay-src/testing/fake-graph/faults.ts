/** What the fake Graph does wrong, and when: told one by one, or drawn as weather from a seed. */
import { Random } from '../random.ts';

/** The requests that can be told apart. */
export type Step =
  | 'token'
  | 'sendMail'
  | 'createDraft'
  | 'getDraft'
  | 'listDrafts'
  | 'sendDraft'
  | 'deleteDraft'
  | 'attach'
  | 'createUpload'
  | 'upload';

/** One fault. Without `drop` and `status` the request is served, after `delay`. */
export interface Fault {
  /** Default: everything but `token`. */
  readonly at?: Step;
  readonly mailbox?: string;
  /** Only this often; default: until cleared. */
  readonly times?: number;
  /** Milliseconds before the answer. */
  readonly delay?: number;
  /** Close the connection before the body is read, in the midst of it, or after it and without an answer. */
  readonly drop?: 'before' | 'inside' | 'after';
  /** Do what was asked all the same, before the drop or the wrong answer. */
  readonly accept?: boolean;
  readonly status?: number;
  readonly code?: string;
  /** Value of Retry-After: seconds, or a date. */
  readonly retryAfter?: string;
}

/** How often each request meets bad weather, and the seed that decides. */
export interface Weather {
  readonly seed: string;
  /** 0 to 1. */
  readonly rate: number;
  /** Longest Retry-After and delay that the weather uses, in milliseconds. */
  readonly patience?: number;
}

export class Faults {
  #rules: { fault: Fault; left: number }[] = [];
  #weather: { random: Random; rate: number; patience: number } | undefined;

  add(...faults: readonly Fault[]): void {
    this.#rules.push(...faults.map((fault) => ({ fault, left: fault.times ?? Infinity })));
  }

  clear(): void {
    this.#rules = [];
    this.#weather = undefined;
  }

  set weather(weather: Weather | undefined) {
    this.#weather = weather && {
      random: new Random(weather.seed),
      rate: weather.rate,
      patience: weather.patience ?? 1000,
    };
  }

  /** What befalls this request. */
  next(step: Step, mailbox: string): Fault {
    const rule = this.#rules.find(
      ({ fault, left }) =>
        left > 0 &&
        (fault.at === undefined ? step !== 'token' : fault.at === step) &&
        (fault.mailbox === undefined || fault.mailbox === mailbox),
    );
    if (rule !== undefined) {
      rule.left -= 1;
      return rule.fault;
    }
    const { random, rate, patience } = this.#weather ?? {};
    return random?.chance(rate ?? 0) === true ? draw(random, patience ?? 0) : {};
  }
}

function draw(random: Random, patience: number): Fault {
  const accept = random.chance(0.5);
  const retryAfter = String(Math.ceil((random.fraction() * patience) / 1000));
  return random.weighted<Fault>([
    [2, { delay: random.whole(1, patience) }],
    [1, { drop: 'before' }],
    [1, { drop: 'inside' }],
    [2, { drop: 'after', accept }],
    [2, { status: 429, code: 'ApplicationThrottled', accept, retryAfter }],
    [1, { status: 500, code: 'ErrorInternalServerError', accept }],
    [1, { status: 503, code: 'ServiceNotAvailable', accept, retryAfter }],
    [1, { status: 504, code: 'GatewayTimeout', accept }],
    [1, { status: 401, code: 'InvalidAuthenticationToken' }],
  ]);
}
