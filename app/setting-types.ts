/** The kinds of values that settings have, each with a message that says what would be right. */
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

const LABEL = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';

/** RFC 1123 label: names of namespaces and clusters. */
export const dnsLabel = z
  .string()
  .regex(
    new RegExp(`^${LABEL}$`),
    'expected lower-case letters, digits and "-", at most 63, such as "email-relay"',
  );

/** RFC 1123 subdomain: names of most Kubernetes objects. */
export const dnsSubdomain = z
  .string()
  .max(253)
  .regex(
    new RegExp(`^${LABEL}(\\.${LABEL})*$`),
    'expected the name of a Kubernetes object: lower-case letters, digits, "-" and "."',
  );

/** A fully qualified host name. */
export const dnsName = z
  .string()
  .max(253)
  .regex(
    new RegExp(`^${LABEL}(\\.${LABEL})+$`),
    'expected a fully qualified host name, such as "relay.example.com"',
  );

/** A Kubernetes label value. */
export const labelValue = z
  .string()
  .regex(
    /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/,
    'expected a label value: letters, digits, "-", "_", ".", at most 63',
  );

const MAILBOX = new RegExp(
  `^[\\w!#$%&'*+/=?^\`{|}~-]+(\\.[\\w!#$%&'*+/=?^\`{|}~-]+)*@${LABEL}(\\.${LABEL})+$`,
  'i',
);

/** A mail address in dot-atom form, as a person types it (RFC 5322 3.4.1 without quoted local parts). */
export const mailAddress = z
  .string()
  .max(254)
  .regex(MAILBOX, 'expected a mail address, such as "organizer@example.com"');

/** A mail address, or a domain that stands for all its addresses. */
export const senderRule = z.union([mailAddress, dnsName], {
  error: 'expected a mail address ("booking@example.com") or a domain in lower case ("example.com")',
});

/** A Kubernetes quantity of storage, memory or CPU, as a string. */
export const quantity = z
  .string('expected a Kubernetes quantity in quotes, such as "2Gi" or "100m"')
  .regex(
    /^(?!0+(\.0*)?([a-zA-Z]|$))\d+(\.\d+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/,
    'expected a Kubernetes quantity above zero, such as "2Gi" or "100m"',
  );

/** A size in bytes, written "512Ki" or "2Mi"; a number of bytes after parsing. */
export const byteSize = z
  .string('expected a size in quotes, such as "2Mi"')
  .regex(/^[1-9]\d{0,5}(Ki|Mi)$/, 'expected a size such as "512Ki" or "2Mi"')
  .transform((text) => Number.parseInt(text, 10) * (text.endsWith('Mi') ? 1024 * 1024 : 1024))
  .refine((bytes) => bytes >= 64 * 1024, 'expected "64Ki" or more: below that, ordinary mail is refused');

/** A Go duration as Flux takes it: hours, minutes, seconds. */
export const fluxDuration = z
  .string()
  .regex(/^([1-9]\d*h)?([1-9]\d*m)?([1-9]\d*s)?$/, 'expected a duration such as "1m" or "1h30m"')
  .min(2, 'expected a duration such as "1m" or "1h30m"');

/** An age as Mailpit takes it: hours or days. */
export const mailpitAge = z
  .string()
  .regex(/^[1-9]\d*[hd]$/, 'expected hours or days, such as "12h" or "30d"');

/** An address range in CIDR notation whose host bits are zero. */
export const cidr = z
  .string()
  .refine(isNetwork, 'expected an address range, such as "10.0.0.0/8", "169.254.20.10/32" or "fd00::/8"');

function isNetwork(text: string): boolean {
  if (!ipaddr.isValidCIDR(text)) return false;
  const [address] = ipaddr.parseCIDR(text);
  const network =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(text)
      : ipaddr.IPv6.networkAddressFromCIDR(text);
  return network.toString() === address.toString();
}

/** A TCP or UDP port. */
export const port = z
  .int('expected a port number')
  .min(1, 'expected 1 to 65535')
  .max(65535, 'expected 1 to 65535');

/** What source-controller accepts in GitRepository.spec.url. */
export const gitUrl = z
  .string()
  .regex(
    /^(https?:\/\/[^\s/@]+\/\S+|ssh:\/\/[^\s/]+\/\S+)$/,
    'expected an http, https or ssh URL without credentials, such as "https://git.example.com/your-org/email-relay.git" or "ssh://git@git.example.com/your-org/email-relay.git"',
  );

/** Registry and path of images, without an image name or tag. */
export const repositoryPrefix = z
  .string()
  .regex(
    /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
    'expected a registry and path in lower case without a tag, such as "registry.example.com/your-org"',
  );

/** Access modes that keep one writer on a volume. */
export const accessMode = z.enum(
  ['ReadWriteOnce', 'ReadWriteOncePod'],
  'expected "ReadWriteOnce" or "ReadWriteOncePod": one pod writes',
);

/** An address on the web without a path: what the network policy opens is port 443. */
export const httpsOrigin = z
  .string()
  .regex(
    new RegExp(`^https://${LABEL}(\\.${LABEL})+$`),
    'expected "https://" and a host name, such as "https://graph.microsoft.com"',
  );

/** An HTTP proxy. Its login would be a secret in a ConfigMap. */
export const proxyUrl = z
  .string()
  .regex(
    new RegExp(`^https?://${LABEL}(\\.${LABEL})*(:[1-9]\\d{0,4})?$`),
    'expected an http or https URL of a host and a port without credentials, such as "http://proxy.example.com:3128"',
  );

/** A span of time as outbox takes it. */
export const timeSpan = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhd]$/, 'expected a time such as "30s", "5m", "1h" or "2d"');
