/**
 * The domain of a mailbox as people write it, turned into the one form that DNS and the next hop get:
 * lower-case A-labels without the final dot.
 *
 * Not `domainToASCII` of node:url: that one parses the host of a URL, so `ex%61mple.com` becomes
 * `example.com`, `a/b.com` becomes `a`, `0x7f.1` becomes `127.0.0.1`, and `a..b` passes.
 */

import { toASCII, toUnicode } from 'tr46';

/** Why a text is not a domain; each is a syntax error in the mailbox (501 5.1.3, or 5.1.7 for a sender). */
export const nameProblems = [
  'empty',
  'empty-label', // `a..b`, `.a`
  'label-too-long', // more than 63 octets (RFC 1035 2.3.4)
  'name-too-long', // more than 253 octets: 255 with the length octets of DNS (RFC 1035 2.3.4)
  'bad-character', // not letter, digit or hyphen, or a hyphen at an end (RFC 5321 4.1.2, RFC 1123 2.1)
  'bad-idn', // not a valid U-label (RFC 5891 5.4), or text that would be mapped to another name
] as const;

export type NameProblem = (typeof nameProblems)[number];

export type ParsedName =
  | { readonly kind: 'domain'; readonly name: string }
  | { readonly kind: 'bad'; readonly problem: NameProblem };

/**
 * Reads the domain of a mailbox; address literals (`[192.0.2.1]`) are not domains.
 *
 * ASCII is checked and lower-cased, nothing else: `xn--` labels are not decoded, DNS knows whether they
 * exist. One final dot is dropped: RFC 5321 4.1.2 has none, but it can mean only one thing. Other text
 * must be what its A-labels decode to (RFC 5891 4.4), but for case and composition: mapping full-width
 * letters or strange dots is for the program that people type into (RFC 5895 1), and a mail system that
 * does it sends mail to a domain that the address does not show.
 */
export function parseDomain(text: string): ParsedName {
  const absolute = text.endsWith('.') ? text.slice(0, -1) : text;
  if (isAscii(absolute)) return checked(absolute.toLowerCase());
  // A-labels are longer than their U-labels; the conversion is slower than linear.
  if (absolute.length > 253) return bad('name-too-long');
  const name = toALabels(absolute);
  return name === undefined ? bad('bad-idn') : checked(name);
}

/** Letters, digits and inner hyphens, 1 to 63 a label. */
const wellFormed = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

function checked(name: string): ParsedName {
  if (name.length <= 253 && wellFormed.test(name)) return { kind: 'domain', name };
  if (name === '') return bad('empty');
  const labels = name.split('.');
  if (labels.includes('')) return bad('empty-label');
  if (!labels.every((label) => /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(label))) return bad('bad-character');
  return bad(labels.some((label) => label.length > 63) ? 'label-too-long' : 'name-too-long');
}

/** Undefined unless the name survives the way to A-labels and back. */
function toALabels(text: string): string | undefined {
  const options = { checkBidi: true, checkJoiners: true, useSTD3ASCIIRules: true };
  const ascii = toASCII(text, options);
  if (ascii === null) return undefined;
  const asked = text.normalize('NFC').split('.').map(lowerCase);
  const decoded = ascii.split('.');
  if (asked.length !== decoded.length) return undefined;
  const same = asked.every((label, index) => {
    const aLabel = decoded[index] ?? '';
    if (isAscii(label)) return label === aLabel;
    // Hyphens at an end or in third and fourth place (RFC 5891 4.2.3.1); ASCII labels may have the latter.
    return !/^-|^..--|-$/u.test(label) && label === toUnicode(aLabel, options).domain;
  });
  return same ? ascii : undefined;
}

/** Letter by letter: the final sigma of a whole word would come out differently. */
function lowerCase(label: string): string {
  return Array.from(label, (letter) => letter.toLowerCase()).join('');
}

/** True if UTF-8 and the text itself have the same octets. */
export function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}

function bad(problem: NameProblem): ParsedName {
  return { kind: 'bad', problem };
}
