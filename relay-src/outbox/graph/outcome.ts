/**
 * What an attempt on Graph comes to. The rules are data, from which docs/graph.md is made. Sent is 202 alone; final
 * is only what is said of the message itself; whatever may have been carried out although it was not confirmed is
 * unknown.
 */
import type { HttpAnswer } from '../http.ts';
import { printable } from '../../smtp/reply.ts';
import type { Verdict } from '../transport.ts';

/** Codes of errors about the message itself, each with its enhanced status code. All others are tried again. */
export const finalCodes: Readonly<Record<string, { readonly status: string; readonly meaning: string }>> = {
  ErrorMimeContentInvalidBase64String: { status: '5.6.0', meaning: 'the body is not base64 of a message' },
  ErrorMimeContentInvalid: { status: '5.6.0', meaning: 'the MIME cannot be parsed' },
  ErrorMimeContentConversionFailed: { status: '5.6.0', meaning: 'the MIME cannot be turned into an item' },
  ErrorInvalidRecipients: {
    status: '5.1.3',
    meaning: 'a recipient is not a valid address, or there is none',
  },
  ErrorMessageSizeExceeded: { status: '5.3.4', meaning: 'the message is too large' },
  ErrorAttachmentSizeLimitExceeded: { status: '5.3.4', meaning: 'an attachment is too large' },
};

/** A request of an attempt: answered, failed on the way, or never made for want of a token. */
export type Attempt =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  | {
      readonly kind: 'failure';
      readonly message: string;
      readonly begun: boolean;
      readonly bodyLeft: boolean;
    }
  | { readonly kind: 'no-token'; readonly message: string };

export interface OutcomeRule {
  readonly when: string;
  readonly result: Verdict['result'];
  readonly scope?: 'message' | 'mailbox';
  readonly applies: (seen: Seen) => boolean;
}

interface Seen {
  readonly attempt: Attempt;
  readonly status: number;
  readonly code: string;
  readonly bodyLeft: boolean;
}

const answered = ({ attempt }: Seen): boolean => attempt.kind === 'answer';
const failed = ({ attempt }: Seen): boolean => attempt.kind === 'failure';

/** For a request that sends. The first rule that applies counts. */
export const outcomeRules: readonly OutcomeRule[] = [
  { when: '202', result: 'sent', applies: ({ status }) => status === 202 },
  {
    when: '413, or 400 with a code of the table below',
    result: 'failed',
    applies: ({ code, status }) => status === 413 || (status === 400 && Object.hasOwn(finalCodes, code)),
  },
  {
    when: 'no token (`invalid_client`, an expired secret, the login host out of reach)',
    result: 'deferred',
    scope: 'mailbox',
    applies: ({ attempt }) => attempt.kind === 'no-token',
  },
  {
    when: 'no connection',
    result: 'deferred',
    scope: 'mailbox',
    applies: ({ attempt }) => attempt.kind === 'failure' && !attempt.begun,
  },
  {
    when: 'time-out or loss of the connection before the last byte of the body had left',
    result: 'deferred',
    scope: 'message',
    applies: (seen) => failed(seen) && !seen.bodyLeft,
  },
  {
    when: 'time-out or loss of the connection after it',
    result: 'unknown',
    scope: 'message',
    applies: failed,
  },
  {
    when: '429 or 503',
    result: 'unknown',
    scope: 'mailbox',
    applies: ({ status }) => status === 429 || status === 503,
  },
  {
    when: '408, other 5xx, other 2xx',
    result: 'unknown',
    scope: 'message',
    applies: ({ status }) => status === 408 || status >= 500 || (status >= 200 && status < 300),
  },
  {
    when: '404 with `ErrorItemNotFound`: the draft is gone',
    result: 'deferred',
    scope: 'message',
    applies: ({ code, status }) => status === 404 && code === 'ErrorItemNotFound',
  },
  {
    when: '401 after one new token, 403, 404, every other 4xx and code',
    result: 'deferred',
    scope: 'mailbox',
    applies: answered,
  },
];

/** What this request came to. One that sends nothing itself (`sends` false) leaves nothing unknown. */
export function verdictOf(attempt: Attempt, { sends }: { readonly sends: boolean }): Verdict {
  const answer = answerLine(attempt);
  const seen = see(attempt);
  const rule = outcomeRules.find(({ applies }) => applies(seen));
  const scope = rule?.scope ?? 'message';
  const notBefore = attempt.kind === 'answer' ? retryAfter(attempt.answer) : undefined;
  const later = { scope, answer, ...(notBefore === undefined ? {} : { notBefore }) };
  if (rule?.result === 'sent') return { result: 'sent', answer };
  if (rule?.result === 'failed') {
    return { result: 'failed', answer, status: finalCodes[seen.code]?.status ?? '5.3.4' };
  }
  // An answer can overtake the body; then nothing was carried out.
  const isUnknown = rule?.result === 'unknown' && sends && seen.bodyLeft;
  return { result: isUnknown ? 'unknown' : 'deferred', ...later };
}

function see(attempt: Attempt): Seen {
  if (attempt.kind !== 'answer') {
    return { attempt, status: 0, code: '', bodyLeft: attempt.kind === 'failure' && attempt.bodyLeft };
  }
  const { answer } = attempt;
  return { attempt, status: answer.status, code: errorOf(answer).code, bodyLeft: answer.bodyLeft };
}

const maxLine = 400;

/** One line for logs, records and bounces: status, code, text and Microsoft's id of the request. */
export function answerLine(attempt: Attempt): string {
  if (attempt.kind === 'failure') return oneLine(attempt.message);
  if (attempt.kind === 'no-token') return oneLine(`no token: ${attempt.message}`);
  const { answer } = attempt;
  const { code, message } = errorOf(answer);
  const id = answer.headers['request-id'];
  const text = [code, message].filter((part) => part !== '').join(': ');
  return oneLine(`${answer.status} ${text}`) + (id === undefined ? '' : ` (request-id ${oneLine(id)})`);
}

const oneLine = (text: string): string => printable(text.replace(/\s+/g, ' ')).trim().slice(0, maxLine);

/** `error.code` and `error.message` of an answer; empty where it has none. */
function errorOf({ text }: HttpAnswer): { readonly code: string; readonly message: string } {
  const { error } = record(parseJson(text));
  const { code, message } = record(error);
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' };
}

/** What JSON holds as an object; empty for anything else. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Nobody means to be left alone for longer. */
const longest = 24 * 3_600_000;

/** Milliseconds since 1970 from Retry-After: seconds, or a date (RFC 9110 10.2.3). */
function retryAfter({ headers }: HttpAnswer): number | undefined {
  const text = headers['retry-after']?.trim() ?? '';
  const now = Date.now();
  const time = /^\d{1,9}$/.test(text) ? now + Number(text) * 1000 : Date.parse(text);
  return Number.isNaN(time) || text === '' ? undefined : Math.min(Math.max(time, now), now + longest);
}
