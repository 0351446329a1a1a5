/**
 * The header that a load balancer puts before a connection to say who is behind it: PROXY protocol, versions 1
 * and 2 (HAProxy's proxy-protocol.txt). Whom to believe is the caller's business.
 */
import { isIPv4, isIPv6 } from 'node:net';

export type ProxyHeader =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly reason: string }
  /** The connection is the balancer's own (a health check): take the peer as it is. */
  | { readonly kind: 'local'; readonly length: number }
  | { readonly kind: 'proxied'; readonly length: number; readonly address: string; readonly port: number };

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const textStart = Buffer.from('PROXY ');
/** A version 1 line, CRLF included (section 2.1). */
const maxText = 107;
/** Addresses and extensions of a version 2 header; real ones stay under 1 KiB. */
const maxBinary = 4096;
const fixedPart = 16;

/** Reads the header at the start of a connection. `length` is how many octets it takes. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsLike(bytes, signature))
    return bytes.length < fixedPart ? { kind: 'incomplete' } : parseBinary(bytes);
  if (startsLike(bytes, textStart)) return parseText(bytes);
  return { kind: 'invalid', reason: 'no PROXY header' };
}

/** True if one is the beginning of the other. */
function startsLike(bytes: Buffer, expected: Buffer): boolean {
  const length = Math.min(bytes.length, expected.length);
  return bytes.subarray(0, length).equals(expected.subarray(0, length));
}

function parseText(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, maxText).indexOf('\r\n');
  if (end < 0) {
    return bytes.length < maxText
      ? { kind: 'incomplete' }
      : { kind: 'invalid', reason: 'PROXY line too long' };
  }
  const length = end + 2;
  const [, family, source = '', destination = '', port = '', toPort = '', ...rest] = bytes
    .toString('latin1', 0, end)
    .split(' ');
  if (family === 'UNKNOWN') return { kind: 'local', length };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : () => false;
  const sound =
    isAddress(source) && isAddress(destination) && isPort(port) && isPort(toPort) && rest.length === 0;
  if (!sound) return { kind: 'invalid', reason: 'malformed PROXY line' };
  return { kind: 'proxied', length, address: source, port: Number(port) };
}

const isPort = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

function parseBinary(bytes: Buffer): ProxyHeader {
  const versionAndCommand = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const size = bytes.readUInt16BE(14);
  const length = fixedPart + size;
  if (size > maxBinary) return { kind: 'invalid', reason: 'PROXY header too long' };
  if (bytes.length < length) return { kind: 'incomplete' };
  if (versionAndCommand === 0x20) return { kind: 'local', length };
  if (versionAndCommand !== 0x21) return { kind: 'invalid', reason: 'unknown PROXY version or command' };
  if (family === 0x11 && size >= 12) {
    const address = bytes.subarray(fixedPart, fixedPart + 4).join('.');
    return { kind: 'proxied', length, address, port: bytes.readUInt16BE(fixedPart + 8) };
  }
  if (family === 0x21 && size >= 36) {
    const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(fixedPart + 2 * i).toString(16));
    return { kind: 'proxied', length, address: groups.join(':'), port: bytes.readUInt16BE(fixedPart + 32) };
  }
  // Unspecified, UDP or a UNIX socket: nothing that we could name.
  return family === 0
    ? { kind: 'local', length }
    : { kind: 'invalid', reason: 'PROXY header without a TCP address' };
}
