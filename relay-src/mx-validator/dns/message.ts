/**
 * DNS messages: the question that we send, and what an answer to it means.
 *
 * Written on dns-packet because node:dns tells neither the TTL of an MX record nor the lifetime of a
 * denial (RFC 2308 5), and folds SERVFAIL, refusals and timeouts of several servers into one error.
 */

import { randomInt } from 'node:crypto';
import packet from 'dns-packet';
import type { Answer, DecodedPacket } from 'dns-packet';
import type { TroubleCause } from './verdict.ts';

export type QueryType = 'MX' | 'A' | 'AAAA';

export interface Question {
  /** Absolute: search lists never apply to mail domains (RFC 5321 2.3.5). */
  readonly name: string;
  readonly type: QueryType;
}

export interface Query extends Question {
  readonly id: number;
  readonly bytes: Buffer;
}

/** What the answer says. `ttl` is in seconds; 0 means that the answer must not be kept. */
export type Meaning =
  /** `values`: MX host names in lower case (`''` is the root, RFC 7505 3), or addresses. */
  | { kind: 'records'; values: string[]; ttl: number }
  /** The name exists and has no record of this type. */
  | { kind: 'no-data'; ttl: number }
  /** The name does not exist, and nothing below it does (RFC 8020 2). */
  | { kind: 'no-name'; ttl: number }
  /** The aliases lead to `target`, of which the answer says nothing: ask for it. */
  | { kind: 'alias'; target: string; ttl: number }
  | { kind: 'failed'; cause: TroubleCause };

/** What fits into one unfragmented packet on every path (RFC 6891 6.2.5, DNS flag day 2020). */
const udpPayloadSize = 1232;

/** Far above what works in practice; resolvers stop between 8 and 16. */
const maxAliases = 16;

/**
 * Encodes a recursive query with an unpredictable id (RFC 5452 9.2).
 *
 * @param edns false for the servers that answer FORMERR or NOTIMP to EDNS (RFC 6891 7)
 */
export function encodeQuery(question: Question, edns: boolean): Query {
  const id = randomInt(0x1_0000);
  const opt: Answer = {
    type: 'OPT',
    name: '.',
    udpPayloadSize,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  const bytes = packet.encode({
    type: 'query',
    id,
    flags: packet.RECURSION_DESIRED,
    questions: [{ name: question.name, type: question.type, class: 'IN' }],
    additionals: edns ? [opt] : [],
  });
  return { ...question, id, bytes };
}

/**
 * Decodes an answer. Undefined for everything that is not an answer to this very query: another id,
 * another question, a query, or noise. Such packets are ignored, not trusted (RFC 5452 9.1).
 * Throws when an answer to this query cannot be decoded.
 */
export function decodeAnswer(query: Query, bytes: Buffer): DecodedPacket | undefined {
  // Header first: an off-path forger must not be able to fail a lookup with rubbish.
  if (bytes.length < 12 || bytes.readUInt16BE(0) !== query.id) return undefined;
  const answer = packet.decode(bytes);
  if (!answer.flag_qr) return undefined;
  const [question, ...more] = answer.questions ?? [];
  // Servers may leave the question out of an error (FORMERR does); never out of an answer.
  if (question === undefined)
    return (answer.answers ?? []).length === 0 && rcode(answer) > 0 && rcode(answer) !== 3
      ? answer
      : undefined;
  const same =
    more.length === 0 &&
    question.type === query.type &&
    (question.class ?? 'IN') === 'IN' &&
    fold(question.name) === query.name;
  return same ? answer : undefined;
}

/** Reads an answer to `question`: follows aliases inside it, and tells denials from failures. */
export function meaningOf(question: Question, answer: DecodedPacket): Meaning {
  const code = rcode(answer);
  if (code !== 0 && code !== 3) return { kind: 'failed', cause: rcodeCauses[code] ?? 'rcode' };

  let name = question.name;
  let ttl = Number.POSITIVE_INFINITY;
  const answers = (answer.answers ?? []).filter((record) => !('class' in record) || record.class === 'IN');
  const seen = new Set<string>();
  for (;;) {
    const own = answers.filter((record) => fold(record.name) === name);
    const found = own.flatMap((record) => valueOf(record, question.type));
    if (found.length > 0) {
      ttl = Math.min(ttl, ...own.filter((record) => record.type === question.type).map(ttlOf));
      return { kind: 'records', values: found, ttl };
    }
    const alias = own.find(isAlias);
    if (alias === undefined) break;
    seen.add(name);
    name = fold(alias.data);
    ttl = Math.min(ttl, ttlOf(alias));
    if (seen.has(name) || seen.size > maxAliases) return { kind: 'failed', cause: 'chain' };
  }

  // Records of the right type that no alias leads to: too strange to prove anything.
  if (answers.some((record) => record.type === question.type)) return { kind: 'failed', cause: 'malformed' };

  // The response code is about the end of the chain of aliases (RFC 6604 3).
  const authorities = answer.authorities ?? [];
  const soa = authorities.find((record) => record.type === 'SOA');
  // Without SOA a denial stands but has no lifetime (RFC 2308 5).
  const denialTtl = soa === undefined ? 0 : Math.min(ttl, ttlOf(soa), saneTtl(soa.data.minimum ?? 0));
  if (code === 3) return { kind: 'no-name', ttl: denialTtl };
  if (soa === undefined) {
    if (authorities.some((record) => record.type === 'NS')) return { kind: 'failed', cause: 'lame' };
    if (seen.size > 0) return { kind: 'alias', target: name, ttl };
  }
  return { kind: 'no-data', ttl: denialTtl };
}

const rcodeCauses: Readonly<Record<number, TroubleCause>> = {
  1: 'formerr',
  2: 'servfail',
  4: 'notimp',
  5: 'refused',
};

/** The response code with the upper bits that EDNS keeps elsewhere (RFC 6891 6.1.3). */
function rcode(answer: DecodedPacket): number {
  const opt = (answer.additionals ?? []).find((record) => record.type === 'OPT');
  return ((opt?.extendedRcode ?? 0) << 4) | ((answer.flags ?? 0) & 0xf);
}

function isAlias(record: Answer): record is Answer & { type: 'CNAME'; data: string } {
  return record.type === 'CNAME';
}

function valueOf(record: Answer, type: QueryType): string[] {
  if (record.type !== type) return [];
  if (record.type === 'MX') return [fold(record.data.exchange)];
  if (record.type === 'A' || record.type === 'AAAA') return [record.data];
  return [];
}

function ttlOf(record: Answer): number {
  return saneTtl('ttl' in record ? (record.ttl ?? 0) : 0);
}

/** A TTL with its top bit set is 0 (RFC 2181 8). */
function saneTtl(seconds: number): number {
  return seconds > 0x7fff_ffff ? 0 : seconds;
}

/** Names compare without case and here without the final dot; the root becomes `''`. */
function fold(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
