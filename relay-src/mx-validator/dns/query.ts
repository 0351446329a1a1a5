/**
 * A small DNS client: puts a question to the configured recursive servers until one of them has an
 * answer that means something, or until the time is up.
 */

import { encodeQuery, meaningOf } from './message.ts';
import type { Meaning, Question } from './message.ts';
import type { Server } from './resolv-conf.ts';
import { exchange, NoAnswer } from './transport.ts';
import type { TroubleCause } from './verdict.ts';

/** What a question comes to; aliases that lead outside one answer have been followed. */
export type Outcome = Exclude<Meaning, { kind: 'alias' }>;

/** Asks one question; never rejects. `signal` ends it as `failed`, with the cause of its NoAnswer. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<Outcome>;

export interface ClientOptions {
  readonly servers: readonly Server[];
  /** How long one server may stay silent before the next one is asked, in milliseconds. */
  readonly attemptMilliseconds: number;
  /** How often a server that stays silent is asked. */
  readonly tries: number;
}

/** Answers that end short of their alias's target are rare; more than this many are a trap. */
const maxContinuations = 4;

export function createAsk(options: ClientOptions): Ask {
  // Where the last answer came from: a dead first server must not slow down every question.
  let preferred = 0;

  async function askServer(server: Server, question: Question, signal: AbortSignal): Promise<Meaning> {
    const patience = { milliseconds: options.attemptMilliseconds, signal };
    try {
      const meaning = meaningOf(question, await exchange(server, encodeQuery(question, true), patience));
      const oldServer =
        meaning.kind === 'failed' && (meaning.cause === 'formerr' || meaning.cause === 'notimp');
      if (!oldServer) return meaning;
      return meaningOf(question, await exchange(server, encodeQuery(question, false), patience));
    } catch (error) {
      return { kind: 'failed', cause: causeOf(error) };
    }
  }

  /** Goes round the servers. One that has answered with a failure is not asked again, a silent one is. */
  async function askServers(question: Question, signal: AbortSignal): Promise<Meaning> {
    let failure: Meaning = { kind: 'failed', cause: 'unreachable' };
    let candidates = options.servers.map((_, index) => (preferred + index) % options.servers.length);
    for (let round = 0; round < options.tries; round += 1) {
      const silent: number[] = [];
      for (const index of candidates) {
        const server = options.servers[index];
        if (server === undefined) continue;
        const meaning = await askServer(server, question, signal);
        if (meaning.kind !== 'failed') {
          preferred = index;
          return meaning;
        }
        failure = meaning;
        if (signal.aborted) return { kind: 'failed', cause: causeOf(signal.reason) };
        if (meaning.cause === 'timeout') silent.push(index);
      }
      candidates = silent;
    }
    return failure;
  }

  return async function ask(question, signal) {
    let name = question.name;
    let ttl = Number.POSITIVE_INFINITY;
    for (let step = 0; step <= maxContinuations; step += 1) {
      const meaning = await askServers({ name, type: question.type }, signal);
      if (meaning.kind === 'failed') return meaning;
      ttl = Math.min(ttl, meaning.ttl);
      if (meaning.kind !== 'alias') return { ...meaning, ttl };
      name = meaning.target;
    }
    return { kind: 'failed', cause: 'chain' };
  };
}

function causeOf(error: unknown): TroubleCause {
  return error instanceof NoAnswer ? error.trouble : 'malformed';
}
