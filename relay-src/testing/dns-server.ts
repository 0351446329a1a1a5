/**
 * A small real DNS server for tests: UDP and TCP on loopback, zones as data, and the faults that real
 * servers and forgers show. Zones and faults may change while it runs; it keeps what it was asked.
 *
 *     const dns = await startDnsServer({ 'good.example': { MX: [[10, 'mx.good.example']] } });
 *     createDomainChecker({ servers: [dns] });
 */

import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import packet from 'dns-packet';
import type { Answer, DecodedPacket, Packet } from 'dns-packet';

type Type = 'MX' | 'A' | 'AAAA';

/**
 * What goes wrong instead of a plain answer:
 * - `servfail`, `refused`, `formerr`, `notimp`, `badvers`: that response code, nothing else;
 * - `no-edns`: formerr when the query has an OPT record, else the truth;
 * - `silent`: no answer; `silent-once`: none to the first question for this name and type;
 * - `truncated`: over UDP an empty answer with the TC flag, over TCP the truth;
 * - `truncated-always`: the same over both;
 * - `tcp-cut`: like `truncated`, but the TCP connection ends in the middle of the answer;
 * - `garbage`: an answer with the right id that cannot be decoded;
 * - `wrong-id`, `wrong-name`, `wrong-source`: first a forged answer (an MX `forged.example`) with another
 *   id, for another name, or from another port; then the truth;
 * - `forged-flood`: forged answers with wrong ids over UDP only, never the truth; the truth over TCP;
 * - `wrong-owner`: the right question, but records of another name;
 * - `no-soa`: a denial without its SOA record; `referral`: NS records instead of an answer.
 */
export type Fault =
  | 'servfail'
  | 'refused'
  | 'formerr'
  | 'notimp'
  | 'badvers'
  | 'no-edns'
  | 'silent'
  | 'silent-once'
  | 'truncated'
  | 'truncated-always'
  | 'tcp-cut'
  | 'garbage'
  | 'wrong-id'
  | 'wrong-name'
  | 'wrong-source'
  | 'forged-flood'
  | 'wrong-owner'
  | 'no-soa'
  | 'referral';

/** What a name has. A name that is not in the zone does not exist, one with `{}` has no records. */
export interface Records {
  readonly MX?: readonly (readonly [preference: number, exchange: string])[];
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly CNAME?: string;
  /** Seconds; 300 when left out. */
  readonly ttl?: number;
  /** Lifetime of denials for this name: the TTL and MINIMUM of the SOA record. */
  readonly negativeTtl?: number;
  /** Leave the target of the CNAME out of the answer, as some forwarders do. */
  readonly aliasOnly?: boolean;
  /** Wrong for every type, or for one. */
  readonly fault?: Fault | { readonly [T in Type]?: Fault };
}

/** Absolute lower-case names without the final dot. */
export type Zone = Record<string, Records>;

export interface SeenQuestion {
  readonly name: string;
  readonly type: string;
  readonly transport: 'udp' | 'tcp';
  /** The source port and the id, which must not be guessable. */
  readonly port: number;
  readonly id: number;
}

export interface DnsServer {
  readonly address: string;
  readonly port: number;
  /** May be changed at any time. */
  zone: Zone;
  /** A fault of the whole server, above those of the zone; undefined when it is well. */
  fault: Fault | undefined;
  /** Milliseconds before each answer. */
  delay: number;
  /** What was asked so far, oldest first; may be emptied. */
  questions: SeenQuestion[];
  /** How many questions there were, of one name and type if given. */
  count(name?: string, type?: string): number;
  close(): Promise<void>;
}

export interface DnsServerOptions {
  /** A loopback address; 127.0.0.1 when left out. */
  readonly address?: string;
  /** A free one when left out. */
  readonly port?: number;
}

const rcodes = { formerr: 1, servfail: 2, nxdomain: 3, notimp: 4, refused: 5 } as const;
const defaultTtl = 300;
const defaultNegativeTtl = 60;

export async function startDnsServer(zone: Zone = {}, options: DnsServerOptions = {}): Promise<DnsServer> {
  const address = options.address ?? '127.0.0.1';
  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      // Test clients send length and message at once.
      answer(bytes.subarray(2), 'tcp', socket.remotePort ?? 0, (reply, { cut }) => {
        const message = Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 0xff]), reply]);
        if (cut) socket.end(message.subarray(0, message.length / 2));
        else socket.end(message);
      });
    });
  });
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const stranger = createSocket(address.includes(':') ? 'udp6' : 'udp4');

  // One port number for both; another program may hold it for UDP, so a free one is tried a few times.
  for (let attempt = 0; ; attempt += 1) {
    await listen(tcp, options.port ?? 0, address);
    try {
      await bind(udp, portOf(tcp), address);
      break;
    } catch (error) {
      await new Promise((resolve) => tcp.close(resolve));
      if (options.port !== undefined || attempt === 5) throw error;
    }
  }
  await bind(stranger, 0, address);

  const server: DnsServer = {
    address,
    port: portOf(tcp),
    zone,
    fault: undefined,
    delay: 0,
    questions: [],
    count: (name, type) =>
      server.questions.filter(
        (seen) => (name === undefined || seen.name === name) && (type === undefined || seen.type === type),
      ).length,
    async close() {
      for (const socket of connections) socket.destroy();
      await Promise.all([
        new Promise((resolve) => tcp.close(resolve)),
        new Promise<void>((resolve) => udp.close(resolve)),
        new Promise<void>((resolve) => stranger.close(resolve)),
      ]);
    },
  };

  udp.on('message', (bytes, from: RemoteInfo) => {
    answer(bytes, 'udp', from.port, (reply, { strange }) => {
      (strange ? stranger : udp).send(reply, from.port, from.address);
    });
  });

  type Send = (reply: Buffer, how: { cut: boolean; strange: boolean }) => void;

  function answer(bytes: Buffer, transport: 'udp' | 'tcp', port: number, send: Send): void {
    const query = packet.decode(bytes);
    const question = query.questions?.[0];
    if (question === undefined) return;
    const name = question.name.toLowerCase();
    server.questions.push({ name, type: question.type, transport, port, id: query.id ?? 0 });
    const reply = (packets: Packet, how: { cut?: boolean; strange?: boolean } = {}): void => {
      const message = fit(packet.encode(packets), query, transport);
      const dispatch = (): void => {
        send(message, { cut: false, strange: false, ...how });
      };
      if (server.delay > 0) setTimeout(dispatch, server.delay);
      else dispatch();
    };
    const truth = truthOf(server.zone, query, name, question.type);
    const forged = forgery(query);
    const fault = server.fault ?? faultOf(server.zone[name], question.type);

    switch (fault) {
      case undefined:
        reply(truth);
        return;
      case 'silent':
        return;
      case 'silent-once':
        if (server.count(name, question.type) > 1) reply(truth);
        return;
      case 'no-edns':
        reply(optOf(query) === undefined ? truth : { ...base(query), flags: rcodes.formerr });
        return;
      case 'truncated':
        reply(transport === 'tcp' ? truth : cutShort(query));
        return;
      case 'truncated-always':
        reply(cutShort(query));
        return;
      case 'tcp-cut':
        reply(transport === 'tcp' ? truth : cutShort(query), { cut: true });
        return;
      case 'garbage':
        // The right header, which promises an answer record that is not there.
        send(
          Buffer.concat([
            packet.encode({ ...base(query), answers: [] }).subarray(0, 6),
            Buffer.from([0, 1, 0, 0, 0, 0, 99]),
          ]),
          { cut: false, strange: false },
        );
        return;
      case 'wrong-id':
        reply({ ...forged, id: ((query.id ?? 0) + 1) & 0xffff });
        setTimeout(reply, 20, truth);
        return;
      case 'wrong-name':
        reply({ ...forged, questions: [{ ...question, name: 'elsewhere.example' }] });
        setTimeout(reply, 20, truth);
        return;
      case 'wrong-source':
        reply(forged, { strange: true });
        setTimeout(reply, 20, truth);
        return;
      case 'forged-flood':
        if (transport === 'tcp') reply(truth);
        else
          for (let step = 1; step <= 50; step += 1)
            reply({ ...forged, id: ((query.id ?? 0) + step) & 0xffff });
        return;
      case 'wrong-owner':
        reply({
          ...truth,
          answers: (truth.answers ?? []).map((record) => ({ ...record, name: 'other.example' })),
        });
        return;
      case 'no-soa':
        reply({ ...truth, authorities: [] });
        return;
      case 'referral':
        reply({ ...base(query), authorities: [{ type: 'NS', name, ttl: 60, data: 'ns.elsewhere.example' }] });
        return;
      case 'badvers':
        reply({ ...base(query), additionals: [opt(1)] });
        return;
      case 'servfail':
      case 'refused':
      case 'formerr':
      case 'notimp':
        reply({ ...base(query), flags: rcodes[fault] });
    }
  }

  return server;
}

function faultOf(records: Records | undefined, type: string): Fault | undefined {
  if (typeof records?.fault !== 'object') return records?.fault;
  return type === 'MX' || type === 'A' || type === 'AAAA' ? records.fault[type] : undefined;
}

/** The answer that a well-behaved recursive server gives for this zone. */
function truthOf(zone: Zone, query: DecodedPacket, start: string, type: string): Packet {
  const answers: Answer[] = [];
  let name = start;
  let records = zone[name];
  while (records?.CNAME !== undefined && answers.length < 20) {
    answers.push({ type: 'CNAME', name, ttl: records.ttl ?? defaultTtl, data: records.CNAME });
    if (records.aliasOnly === true) return { ...base(query), answers };
    name = records.CNAME;
    records = zone[name];
  }
  const ttl = records?.ttl ?? defaultTtl;
  for (const [preference, exchange] of (type === 'MX' ? records?.MX : undefined) ?? []) {
    answers.push({ type: 'MX', name, ttl, data: { preference, exchange } });
  }
  for (const data of (type === 'A' ? records?.A : undefined) ?? [])
    answers.push({ type: 'A', name, ttl, data });
  for (const data of (type === 'AAAA' ? records?.AAAA : undefined) ?? [])
    answers.push({ type: 'AAAA', name, ttl, data });
  if (answers.some((answer) => answer.type === type)) return { ...base(query), answers };

  const negativeTtl = (records ?? zone[start])?.negativeTtl ?? defaultNegativeTtl;
  const soa: Answer = {
    type: 'SOA',
    name: name.slice(name.lastIndexOf('.') + 1),
    ttl: negativeTtl,
    data: { mname: 'ns.example', rname: 'hostmaster.example', serial: 1, minimum: negativeTtl },
  };
  // A name above an existing one exists too (RFC 8020 3.1).
  const exists = records !== undefined || Object.keys(zone).some((known) => known.endsWith(`.${name}`));
  return { ...base(query), flags: flags | (exists ? 0 : rcodes.nxdomain), answers, authorities: [soa] };
}

const flags = packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE;

function base(query: DecodedPacket): Packet {
  const edns = optOf(query) === undefined ? [] : [opt(0)];
  return { type: 'response', id: query.id, flags, questions: query.questions ?? [], additionals: edns };
}

function forgery(query: DecodedPacket): Packet {
  const name = query.questions?.[0]?.name ?? '';
  return {
    ...base(query),
    answers: [{ type: 'MX', name, ttl: 300, data: { preference: 1, exchange: 'forged.example' } }],
  };
}

function cutShort(query: DecodedPacket): Packet {
  return { ...base(query), flags: flags | packet.TRUNCATED_RESPONSE };
}

/** An answer that is larger than the client takes over UDP becomes an empty one with the TC flag. */
function fit(message: Buffer, query: DecodedPacket, transport: 'udp' | 'tcp'): Buffer {
  const largest = transport === 'tcp' ? 65_535 : Math.max(512, optOf(query)?.udpPayloadSize ?? 512);
  return message.length <= largest ? message : packet.encode(cutShort(query));
}

function optOf(query: DecodedPacket): (Answer & { type: 'OPT' }) | undefined {
  return query.additionals?.find((record) => record.type === 'OPT');
}

function opt(extendedRcode: number): Answer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
}

function portOf(server: Server): number {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('not listening');
  return bound.port;
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, address, () => {
      server.off('error', fail);
      done();
    });
  });
}

function bind(socket: UdpSocket, port: number, address: string): Promise<void> {
  return new Promise((done, fail) => {
    socket.once('error', fail);
    socket.bind(port, address, () => {
      socket.off('error', fail);
      done();
    });
  });
}
