/**
 * The configuration: every variable of `contract.ts`, read from an environment and validated. A wrong value
 * stops the program with a message that names the variable, its value and what would be right.
 */
import { hostname as systemHostname } from 'node:os';
import { isIP } from 'node:net';
import { parseAddress, type Address } from '../daemon/listen.ts';
import { mailboxText, parseMailbox, toALabels } from '../smtp/address.ts';
import type { BareNewline } from '../smtp/data.ts';
import { limits } from '../smtp/rules.ts';
import {
  environment as names,
  listenerEnvironment,
  logFormats,
  logLevels,
  mixedRecipientModes,
} from './contract.ts';
import { parseServer, type Server } from './dns/resolv-conf.ts';
import { parseSenderList, type SenderList } from '../smtp/senders.ts';

export interface Listener extends Address {
  /** Undefined: anybody may send. */
  readonly senders: SenderList | undefined;
}

export interface Config {
  readonly listeners: readonly Listener[];
  readonly upstream: { readonly host: string; readonly port: number };
  readonly metrics: Address;
  readonly hostname: string;
  /** Lower-case addresses whose mail loses its calendar parts. */
  readonly stripIcsRecipients: ReadonlySet<string>;
  readonly mixedRecipients: (typeof mixedRecipientModes)[number];
  /** Whether a sender whose domain has a null MX is refused. */
  readonly checkSenderDomain: boolean;
  /** Domains that are refused before DNS is asked, each with the one that was probably meant; A-labels. */
  readonly refusedDomains: ReadonlyMap<string, string>;
  /** Undefined: the system's resolvers. */
  readonly dnsServers: readonly Server[] | undefined;
  readonly maxMessageBytes: number;
  /** Undefined: as the rules say. */
  readonly maxRecipients: number | undefined;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number | undefined;
  readonly maxUpstreamConnections: number;
  readonly maxBytesInFlight: number;
  readonly bareNewline: BareNewline;
  /** Where mail to a bare `Postmaster` goes; undefined: it is refused. */
  readonly postmaster: string | undefined;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly proxyFrom: readonly string[];
  readonly logLevel: (typeof logLevels)[number];
  readonly logFormat: (typeof logFormats)[number];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** One or more variables are wrong; the message has one line for each. */
export class ConfigError extends Error {}

/** Reads the configuration. Throws {@link ConfigError} that lists everything wrong at once. */
export function readConfig(env: Environment): Config {
  const reader = new Reader(env);
  const config = reader.config();
  if (reader.problems.length > 0) throw new ConfigError(reader.problems.join('\n'));
  return config;
}

/** Variables that only we would set: one of these that we do not know is a typing error. */
const ownPrefixes = [
  'LISTEN_ADDR',
  'UPSTREAM_',
  'METRICS_ADDR',
  'STRIP_ICS',
  'ALLOWED_SENDERS',
  'DNS_SERVERS',
  'BARE_',
];

class Reader {
  readonly problems: string[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  config(): Config {
    this.#unknown();
    const tlsCert = this.#text(names.tlsCertFile);
    const tlsKey = this.#text(names.tlsKeyFile);
    if ((tlsCert === undefined) !== (tlsKey === undefined)) {
      this.#wrong(tlsCert === undefined ? names.tlsCertFile : names.tlsKeyFile, '', 'both files, or neither');
    }
    return {
      listeners: this.#listeners(),
      upstream: {
        host: this.#host(names.upstreamHost, '127.0.0.1'),
        port: this.#number(names.upstreamPort, 1025, 1, 65_535),
      },
      metrics: this.#address(names.metricsAddr, this.#text(names.metricsAddr) ?? ':9090') ?? {
        host: undefined,
        port: 0,
      },
      hostname: this.#hostname(),
      stripIcsRecipients: this.#mailboxes(names.stripIcsRecipients),
      mixedRecipients: this.#choice(names.mixedRecipients, mixedRecipientModes, 'keep'),
      checkSenderDomain: this.#choice(names.checkSenderDomain, ['off', 'on'] as const, 'off') === 'on',
      refusedDomains: this.#refusedDomains(),
      dnsServers: this.#dnsServers(),
      maxMessageBytes: this.#number(names.maxMessageBytes, 26_214_400, 65_536, 1_073_741_824),
      maxRecipients: this.#optionalNumber(names.maxRecipients, limits.recipients.value, 10_000),
      maxConnections: this.#number(names.maxConnections, 500, 1, 100_000),
      maxConnectionsPerAddress: this.#optionalNumber(names.maxConnectionsPerAddress, 1, 100_000),
      maxUpstreamConnections: this.#number(names.maxUpstreamConnections, 100, 1, 10_000),
      maxBytesInFlight: this.#number(names.maxBytesInFlight, 268_435_456, 1_048_576, 1_099_511_627_776),
      bareNewline: this.#choice(names.bareNewline, ['normalize', 'reject'] as const, 'normalize'),
      postmaster: this.#postmaster(),
      tls: tlsCert !== undefined && tlsKey !== undefined ? { certFile: tlsCert, keyFile: tlsKey } : undefined,
      proxyFrom: this.#networks(names.proxyFrom),
      logLevel: this.#choice(names.logLevel, logLevels, 'info'),
      logFormat: this.#choice(names.logFormat, logFormats, 'json'),
    };
  }

  #unknown(): void {
    const known = new Set<string>(Object.values(names));
    for (const name of Object.keys(this.#env)) {
      if (known.has(name) || !ownPrefixes.some((prefix) => name.startsWith(prefix))) continue;
      if (listenerOf(name) !== undefined) continue;
      this.problems.push(`${name} is not a variable of this program; is it one of ${[...known].join(', ')}?`);
    }
  }

  #wrong(name: string, value: string, right: string): void {
    this.problems.push(`${name}=${JSON.stringify(value)}: expected ${right}`);
  }

  /** Undefined if unset or empty. */
  #text(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    return value === '' ? undefined : value;
  }

  #number(name: string, fallback: number, min: number, max: number): number {
    return this.#optionalNumber(name, min, max) ?? fallback;
  }

  #optionalNumber(name: string, min: number, max: number): number | undefined {
    const text = this.#text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= min && value <= max) return value;
    this.#wrong(name, text, `a whole number from ${min} to ${max}`);
    return undefined;
  }

  #choice<const T extends readonly string[]>(name: string, choices: T, fallback: T[number]): T[number] {
    const text = this.#text(name);
    if (text === undefined) return fallback;
    const found = choices.find((choice) => choice === text);
    if (found === undefined) this.#wrong(name, text, `one of ${choices.join(', ')}`);
    return found ?? fallback;
  }

  #address(name: string, text: string): Address | undefined {
    const address = parseAddress(text);
    if (address !== undefined) return address;
    this.#wrong(name, text, 'an address to listen on: `:25`, `127.0.0.1:2525` or `[::1]:2525`');
    return undefined;
  }

  #listeners(): Listener[] {
    const all = this.#senders(names.allowedSenders);
    const listeners: Listener[] = [];
    for (const text of list(this.#text(names.listenAddr) ?? ':25')) {
      const address = this.#address(names.listenAddr, text);
      if (address === undefined) continue;
      const own = this.#senders(`${listenerEnvironment.allowedSenders}${address.port}`);
      listeners.push({ ...address, senders: own ?? all });
    }
    for (const name of Object.keys(this.#env)) {
      const port = listenerOf(name);
      if (port !== undefined && !listeners.some((one) => one.port === port)) {
        this.#wrong(name, this.#env[name] ?? '', `a port that ${names.listenAddr} names`);
      }
    }
    return listeners;
  }

  #senders(name: string): SenderList | undefined {
    const value = this.#env[name];
    if (value === undefined) return undefined;
    const senders = parseSenderList(list(value));
    if (typeof senders !== 'string') return senders;
    this.#wrong(name, value, `addresses and domains, e.g. app@example.com,example.org; ${senders}`);
    return undefined;
  }

  #host(name: string, fallback: string): string {
    const text = this.#text(name) ?? fallback;
    if (isIP(text) === 0 && toALabels(text) === undefined)
      this.#wrong(name, text, 'a host name or an IP address');
    return text;
  }

  #hostname(): string {
    const text = this.#text(names.hostname) ?? systemHostname();
    const name = toALabels(text);
    if (name === undefined)
      this.#wrong(names.hostname, text, 'the host name of this relay, e.g. relay.example.com');
    return name ?? text;
  }

  #mailboxes(name: string): Set<string> {
    const found = new Set<string>();
    for (const text of list(this.#env[name] ?? '')) {
      const mailbox = parseMailbox(text);
      if (mailbox === undefined) this.#wrong(name, text, 'mail addresses, separated by commas');
      else found.add(mailboxText(mailbox).toLowerCase());
    }
    return found;
  }

  #postmaster(): string | undefined {
    const text = this.#text(names.postmaster);
    if (text === undefined) return undefined;
    const mailbox = parseMailbox(text);
    if (mailbox === undefined)
      this.#wrong(names.postmaster, text, 'a mail address, e.g. postmaster@example.com');
    return mailbox === undefined ? undefined : mailboxText(mailbox);
  }

  #refusedDomains(): Map<string, string> {
    const suggestions = new Map<string, string>();
    for (const text of list(this.#env[names.refusedDomains] ?? '')) {
      const [refused, suggestion] = text.split('=').map((name) => toALabels(name));
      if (refused === undefined || suggestion === undefined || text.split('=').length !== 2) {
        this.#wrong(
          names.refusedDomains,
          text,
          'a refused domain and the one that was meant: `gmial.com=gmail.com`',
        );
      } else {
        suggestions.set(refused, suggestion);
      }
    }
    return suggestions;
  }

  #dnsServers(): Config['dnsServers'] {
    const text = this.#text(names.dnsServers);
    if (text === undefined) return undefined;
    const servers: Server[] = [];
    for (const one of list(text)) {
      const server = parseServer(one);
      if (server !== undefined) servers.push(server);
      else
        this.#wrong(
          names.dnsServers,
          one,
          'IP addresses with or without a port: `10.0.0.10:53,[fd00::10]:53`',
        );
    }
    return servers;
  }

  #networks(name: string): string[] {
    const networks = list(this.#env[name] ?? '');
    for (const text of networks) {
      const [address = '', bits, rest] = text.split('/');
      const kind = isIP(address);
      const most = kind === 4 ? 32 : 128;
      if (
        kind === 0 ||
        rest !== undefined ||
        (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most))
      ) {
        this.#wrong(name, text, 'addresses or networks, e.g. 10.0.0.0/8,192.0.2.7');
      }
    }
    return networks;
  }
}

/** The port in the name of a listener's own variable. */
function listenerOf(name: string): number | undefined {
  const port = name.slice(listenerEnvironment.allowedSenders.length);
  return name.startsWith(listenerEnvironment.allowedSenders) && /^\d+$/.test(port) ? Number(port) : undefined;
}

/** Values separated by commas or white space. */
function list(text: string): string[] {
  return text.split(/[\s,]+/).filter((part) => part !== '');
}
