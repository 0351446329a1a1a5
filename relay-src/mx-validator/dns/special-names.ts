/**
 * Names that never go to DNS, because the answer is known, or because asking would tell the world
 * something it should not hear (RFC 7686 1) or bring an answer that means something else here.
 */

import { isIP } from 'node:net';

/** Top-level labels that no mail domain can have, each with the document that reserves it. */
const reserved: Readonly<Record<string, string>> = {
  alt: 'RFC 9476 2',
  invalid: 'RFC 6761 6.4',
  localhost: 'RFC 6761 6.3',
  onion: 'RFC 7686 2',
};

/**
 * Whether a name can be refused without asking: reserved ones; a single label, which is a host's short
 * name that only a search list could complete (RFC 5321 2.3.5; top-level domains with mail are
 * discouraged, RFC 7085 3); and one that ends in a number, since no top-level domain is numeric and
 * some resolvers answer for `192.0.2.1` as if it were a host (RFC 1123 2.1).
 *
 * `.test`, `.example` and `.local` do go to DNS: private zones use them.
 */
export function isNeverMailDomain(aLabelDomain: string): boolean {
  const top = topLabel(aLabelDomain);
  return top === aLabelDomain || isNumber(top) || Object.hasOwn(reserved, top);
}

/**
 * Whether no mail server can be reached under an MX record's host name: the root, this host itself,
 * a reserved name, or an IP address in place of a name (RFC 5321 5.1, RFC 2181 10.3).
 */
export function isNeverMailHost(host: string): boolean {
  const top = topLabel(host);
  return host === '' || isNumber(top) || isIP(host) !== 0 || Object.hasOwn(reserved, top);
}

function topLabel(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function isNumber(label: string): boolean {
  return /^\d+$/.test(label);
}
