/**
 * Paths, mailboxes and parameters of MAIL and RCPT (RFC 5321 4.1.2, RFC 6531 3.3), read strictly: what is not
 * in the grammar never reaches DNS or the upstream.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { parseDomain } from './domain-name.ts';
import { limits } from './rules.ts';
import type { Limits } from './rules.ts';

/** A mailbox. `domain` is lower-case A-labels without a trailing dot, so it can go to DNS as it is. */
export interface Mailbox {
  /** As the client wrote it, quotes included: its case and form belong to the receiving host (RFC 5321 2.4). */
  readonly local: string;
  /** '' only for the domainless `Postmaster` of RFC 5321 4.1.1.3. */
  readonly domain: string;
  /** `[192.0.2.1]` or `[IPv6:…]` (RFC 5321 4.1.3) instead of a domain name. */
  readonly literal: boolean;
  /** True if the local part is not pure ASCII, so that it needs SMTPUTF8 on the whole way (RFC 6531). */
  readonly utf8: boolean;
}

/** `local@domain` as it goes upstream and into logs. */
export function mailboxText(mailbox: Mailbox): string {
  return mailbox.domain === '' ? mailbox.local : `${mailbox.local}@${mailbox.domain}`;
}

/** One `KEYWORD` or `KEYWORD=value` after the path. */
export type PathParameters = ReadonlyMap<string, string | undefined>;

export interface ParsedPath {
  /** Undefined is the null reverse-path `<>`. */
  readonly mailbox: Mailbox | undefined;
  readonly parameters: PathParameters;
}

/** Why a MAIL or RCPT argument was refused. */
export type PathError = 'syntax' | 'address' | 'parameter-syntax' | 'parameter-duplicate';

const atext = "A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~\\u0080-\\u{10ffff}";
const dotString = new RegExp(`^[${atext}]+(?:\\.[${atext}]+)*$`, 'u');
const quotedString = /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e\u0080-\u{10ffff}]|\\[\x20-\x7e])*"$/u;
const sourceRoute = /^@[^\s,:@<>]+(?:,@[^\s,:@<>]+)*:/;
const parameterForm = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e\u0080-\u{10ffff}]*))?$/u;
// C1 controls and invisible characters make two addresses look like one; U+FFFD is what bad UTF-8 becomes.
const unsafe = /[\u0080-\u009f\u200b\u2060\ufeff\ufffd]/;
const noParameters: PathParameters = new Map();

/**
 * Reads what follows `MAIL FROM:` or `RCPT TO:`, e.g. `<a@b.example> SIZE=100`. Spaces before `<` are
 * tolerated; a source route is accepted and dropped (RFC 5321 appendix C).
 */
export function parsePath(
  argument: string,
  kind: 'reverse' | 'forward',
  bounds: Limits = limits,
): ParsedPath | PathError {
  const text = argument.trim();
  const end = pathEnd(text);
  if (end < 0) return 'address';
  const inner = text.slice(1, end);
  const parameters = parseParameters(text.slice(end + 1));
  if (typeof parameters === 'string') return parameters;
  if (inner === '') return kind === 'reverse' ? { mailbox: undefined, parameters } : 'address';
  if (kind === 'forward' && inner.toLowerCase() === 'postmaster') {
    return { mailbox: { local: inner, domain: '', literal: false, utf8: false }, parameters };
  }
  const mailbox = parseMailbox(inner.replace(sourceRoute, ''), bounds);
  return mailbox === undefined ? 'address' : { mailbox, parameters };
}

/** Index of the `>` that closes the path: one inside a quoted local part does not count. */
function pathEnd(text: string): number {
  if (!text.startsWith('<')) return -1;
  let quoted = false;
  for (let i = 1; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (quoted && c === 0x5c) i += 1;
    else if (c === 0x22) quoted = !quoted;
    else if (!quoted && c === 0x3e) return i;
    else if (!quoted && (c === 0x3c || c === 0x20)) return -1;
  }
  return -1;
}

function parseParameters(text: string): PathParameters | PathError {
  if (text === '') return noParameters;
  if (!text.startsWith(' ')) return 'syntax';
  const parameters = new Map<string, string | undefined>();
  for (const part of text.split(' ')) {
    if (part === '') continue;
    const match = parameterForm.exec(part);
    if (match === null || match[2] === '') return 'parameter-syntax';
    const keyword = (match[1] ?? '').toUpperCase();
    if (parameters.has(keyword)) return 'parameter-duplicate';
    parameters.set(keyword, match[2]);
  }
  return parameters;
}

/** Reads `local@domain`; undefined if it is not a mailbox within the limits of RFC 5321 4.5.3.1. */
export function parseMailbox(text: string, bounds: Limits = limits): Mailbox | undefined {
  const at = text.lastIndexOf('@');
  if (at < 1 || unsafe.test(text)) return undefined;
  const local = text.slice(0, at);
  if (!dotString.test(local) && !quotedString.test(local)) return undefined;
  const localBytes = Buffer.byteLength(local);
  if (localBytes > bounds.localPart.value) return undefined;
  const written = text.slice(at + 1);
  const literal = written.startsWith('[');
  const domain = literal ? addressLiteral(written) : toALabels(written);
  if (domain === undefined) return undefined;
  // The path limit counts the angle brackets (RFC 5321 4.5.3.1.3).
  if (localBytes + domain.length + 3 > bounds.path.value) return undefined;
  return { local, domain, literal, utf8: localBytes !== local.length };
}

function addressLiteral(text: string): string | undefined {
  if (!text.endsWith(']')) return undefined;
  const inner = text.slice(1, -1);
  if (isIPv4(inner)) return text;
  const v6 = /^IPv6:(.*)$/i.exec(inner)?.[1];
  return v6 !== undefined && !v6.includes('%') && isIPv6(v6) ? `[IPv6:${v6.toLowerCase()}]` : undefined;
}

/**
 * A domain name as lower-case A-labels, a trailing dot dropped; undefined if it is none. No top-level domain is a
 * number: what looks like one is an address without its brackets.
 */
export function toALabels(written: string): string | undefined {
  const parsed = parseDomain(written);
  return parsed.kind === 'domain' && !/(?:^|\.)\d+$/.test(parsed.name) ? parsed.name : undefined;
}
