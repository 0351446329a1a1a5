/** A client's whole session, drawn at random: honest, slow, careless, or up to no good. */
import { drawRecipient, listed, type Recipient } from '../dns.ts';
import type { Entry, Ledger } from '../ledger.ts';
import type { Random } from '../../../relay-src/testing/random.ts';
import type { Statistics } from '../statistics.ts';
import { ClientConnection, Left, Unanswered, type Leaving, type Manner, type Stage } from './connection.ts';
import { expected, isForeign, misfit, patience, type Expectation } from './expectations.ts';
import { largest, makeMessage, sender, type Message, type Prose } from './message.ts';
import { lastLine, readReply, type Context, type Reply } from './reply.ts';

export interface World {
  readonly port: number;
  readonly ledger: Ledger;
  readonly prose: Prose;
  readonly statistics: Statistics;
  /** True if DNS was well for a while, so that it is no reason to defer mail. */
  readonly dnsIsWell: () => boolean;
}

/** The relay hung up with a 421, or something else makes it pointless to go on. */
class Finished extends Error {}

/** A command and what it may be answered. */
interface Command {
  readonly line: string;
  readonly context?: Context;
  readonly expectation: Expectation;
  readonly limit: number;
}

/** How a client goes about it. */
interface Habits {
  readonly pipelined: boolean;
  /** Everything from MAIL to the dot in one go, without waiting for any answer. */
  readonly blast: boolean;
}

/** Runs one session, from connecting to leaving. What the relay does wrong goes to the statistics. */
export async function runSession(world: World, name: string, random: Random): Promise<void> {
  const manner = drawManner(random);
  world.statistics.count(`session: ${manner.pace}`);
  if (manner.leaving !== undefined) world.statistics.count(`leaves: ${manner.leaving.stage}`);
  try {
    const connection = await ClientConnection.open(world.port, random.fork('pace'), manner);
    try {
      await new Session(world, name, random, connection).run();
    } finally {
      connection.close();
    }
  } catch (error) {
    if (error instanceof Unanswered) world.statistics.unanswered(`${name}: ${error.message}`);
    else if (!(error instanceof Left) && !(error instanceof Finished)) throw error;
  }
}

function drawManner(random: Random): Manner {
  const pace = random.weighted<Manner['pace']>([
    [60, 'whole'],
    [30, 'chunks'],
    [10, 'slow'],
  ]);
  return { pace, leaving: random.chance(0.15) ? drawLeaving(random) : undefined };
}

function drawLeaving(random: Random): Leaving {
  const stage = random.weighted<Stage>([
    [3, 'command'],
    [1, 'header'],
    [2, 'body'],
    [1, 'end'],
    [3, 'verdict'],
  ]);
  const how = random.pick(['fin', 'reset', 'half-close'] as const);
  return { stage, skip: stage === 'command' ? random.whole(0, 6) : random.whole(0, 1), how };
}

class Session {
  readonly #world: World;
  readonly #name: string;
  readonly #random: Random;
  readonly #connection: ClientConnection;
  #extended = true;
  #eightBit = false;

  constructor(world: World, name: string, random: Random, connection: ClientConnection) {
    this.#world = world;
    this.#name = name;
    this.#random = random;
    this.#connection = connection;
  }

  async run(): Promise<void> {
    const random = this.#random;
    await this.#reply('greeting', {
      line: 'greeting',
      context: 'greeting',
      expectation: expected.greeting,
      limit: patience.own,
    });
    await this.#hello();
    const habits: Habits = { pipelined: this.#extended && random.chance(0.5), blast: random.chance(0.04) };
    const transactions = habits.blast ? 1 : random.whole(1, 4);
    for (let n = 0; n < transactions; n += 1) {
      if (random.chance(0.1)) await this.#noise();
      await this.#transaction(`${this.#name}.${n}`, habits);
    }
    if (random.chance(0.9)) await this.#ask({ line: 'QUIT', expectation: expected.bye, limit: patience.own });
  }

  async #hello(): Promise<void> {
    this.#extended = this.#random.chance(0.92);
    const line = `${this.#extended ? 'EHLO' : 'HELO'} client.example`;
    const reply = await this.#ask({
      line,
      context: 'hello',
      expectation: expected.hello,
      limit: patience.own,
    });
    this.#eightBit = reply.lines.some((one) => one.endsWith('8BITMIME'));
  }

  async #noise(): Promise<void> {
    const [line, code] = this.#random.pick([
      ['NOOP', '250 2.0.0'],
      ['RSET', '250 2.0.0'],
      ['VRFY someone', '252 2.5.0'],
      ['HELP', '214 2.0.0'],
      ['WHAT is this', '500 5.5.2'],
      ['MAIL FROM:no brackets', '501 5.1.7'],
      ['MAIL FROM:<a@b.example> UNKNOWN=1', '555 5.5.4'],
      ['MAIL FROM:<boss@evil.example>', '550 5.7.1'],
      ['RCPT TO:<a@ok1.example>', '503 5.5.1'],
      ['DATA', '503 5.5.1'],
    ] as const);
    await this.#ask({ line, expectation: { replies: [code], foreign: false }, limit: patience.mail });
  }

  async #transaction(id: string, habits: Habits): Promise<void> {
    const { ledger, prose, statistics } = this.#world;
    const random = this.#random;
    const message = makeMessage(random, `${id}@soak`, prose);
    statistics.count(`message: ${message.kind}`);
    const recipients = this.#recipients(message);
    const entry = ledger.begin(message);
    const mail = this.#mail(message);
    if (habits.blast) return this.#blast(mail, recipients, message, entry);

    const abandon = random.chance(0.04);
    const envelope = await this.#envelope(mail, recipients, habits, !abandon);
    if (envelope.go) {
      entry.to = envelope.to;
      await this.#send(message, entry);
    }
    if (!envelope.clean) await this.#ask({ line: 'RSET', expectation: expected.ok, limit: patience.own });
  }

  #recipients(message: Message): Recipient[] {
    const random = this.#random;
    if (message.kind === 'calendar' && random.chance(0.4)) {
      return [{ kind: 'listed', address: random.pick(listed) }];
    }
    const many = random.weighted([
      [60, 1],
      [30, 4],
      [9, 30],
      [1, 110],
    ]);
    return Array.from({ length: random.whole(1, many) }, () => drawRecipient(random));
  }

  #mail(message: Message): Command {
    const random = this.#random;
    const parameters: string[] = [];
    // Some tell the truth, some nothing, some lie; only a lie over the limit is seen at once.
    const size = random.weighted<number | undefined>([
      [6, message.size],
      [3, undefined],
      [1, random.spread(1, largest)],
      [0.2, largest + 1],
    ]);
    if (this.#extended && size !== undefined) parameters.push(` SIZE=${size}`);
    if (this.#eightBit && random.chance(0.5)) parameters.push(' BODY=8BITMIME');
    const tooLarge = this.#extended && size !== undefined && size > largest;
    return {
      line: `MAIL FROM:<${sender}>${parameters.join('')}`,
      expectation: tooLarge ? expected.tooLarge : expected.mail,
      limit: patience.mail,
    };
  }

  /** MAIL, RCPT and DATA. `go`: the message may follow. `clean`: no transaction is left open. */
  async #envelope(
    mail: Command,
    recipients: readonly Recipient[],
    { pipelined }: Habits,
    withData: boolean,
  ): Promise<{ to: string[]; go: boolean; clean: boolean }> {
    if (pipelined) {
      const lines = [mail.line, ...recipients.map(rcptLine), ...(withData ? ['DATA'] : [])];
      await this.#connection.send('command', lines.map((line) => `${line}\r\n`).join(''));
    } else {
      await this.#connection.send('command', `${mail.line}\r\n`);
    }
    const open = (await this.#reply('MAIL', mail)).code === 250;
    if (!open && !pipelined) return { to: [], go: false, clean: true };
    const to: string[] = [];
    for (const recipient of recipients) {
      if (!pipelined) await this.#connection.send('command', `${rcptLine(recipient)}\r\n`);
      if ((await this.#rcpt(recipient, open, to.length)).code === 250) to.push(recipient.address);
    }
    if (!withData || (to.length === 0 && !pipelined)) return { to, go: false, clean: false };
    if (!pipelined) await this.#connection.send('command', 'DATA\r\n');
    const go = (await this.#data(to)).code === 354;
    return { to, go, clean: go };
  }

  async #rcpt(recipient: Recipient, open: boolean, accepted: number): Promise<Reply> {
    const expectation = open
      ? accepted >= 100
        ? expected.overTheLimit
        : expected.rcpt(recipient.kind)
      : expected.outOfOrder;
    const reply = await this.#reply('RCPT', { line: rcptLine(recipient), expectation, limit: patience.rcpt });
    if (reply.enhanced === '4.4.3' && recipient.kind !== 'trouble' && this.#world.dnsIsWell()) {
      this.#world.statistics.wrong(`${this.#name}: DNS is well, and RCPT is answered ${lastLine(reply)}`);
    }
    return reply;
  }

  #data(to: readonly string[]): Promise<Reply> {
    const expectation = to.length > 0 ? expected.data : expected.outOfOrder;
    return this.#reply('DATA', { line: 'DATA', context: 'data', expectation, limit: patience.data });
  }

  async #send(message: Message, entry: Entry): Promise<void> {
    const behind = this.#random.chance(0.1);
    await this.#content(message, entry, behind ? 'NOOP\r\n' : '');
    await this.#verdict(message, entry);
    if (behind) await this.#reply('NOOP', { line: 'NOOP', expectation: expected.ok, limit: patience.own });
  }

  /** The message and its end, and maybe commands right behind it. */
  async #content({ wire }: Message, entry: Entry, behind: string): Promise<void> {
    const body = wire.indexOf('\r\n\r\n') + 4;
    await this.#connection.send('header', wire.subarray(0, body));
    await this.#connection.send('body', wire.subarray(body));
    await this.#connection.send('end', '.\r\n');
    entry.complete = true;
    await this.#connection.send('verdict', behind);
  }

  async #verdict({ verdict }: Message, entry: Entry): Promise<void> {
    const reply = await this.#reply('the dot', {
      line: 'the dot',
      expectation: expected.verdict(verdict),
      limit: patience.verdict,
    });
    const ids = /queued as (\w+) \(tx=(\w+)\)$/.exec(lastLine(reply));
    if (reply.code === 250 && ids === null) this.#wrong(`no transaction id in ${lastLine(reply)}`);
    entry.fate =
      reply.code === 250
        ? { kind: 'accepted', queueId: ids?.[1] ?? '', tx: ids?.[2] ?? '' }
        : { kind: 'not accepted', reply: lastLine(reply) };
    this.#world.statistics.count(`verdict: ${reply.code}${isForeign(reply) ? ' of the upstream' : ''}`);
  }

  async #blast(
    mail: Command,
    recipients: readonly Recipient[],
    message: Message,
    entry: Entry,
  ): Promise<void> {
    this.#world.statistics.count('session: blast');
    const lines = [mail.line, ...recipients.map(rcptLine), 'DATA'];
    await this.#connection.send('command', lines.map((line) => `${line}\r\n`).join(''));
    await this.#content(message, entry, '');
    const open = (await this.#reply('MAIL', mail)).code === 250;
    const to: string[] = [];
    for (const recipient of recipients) {
      if ((await this.#rcpt(recipient, open, to.length)).code === 250) to.push(recipient.address);
    }
    entry.to = to;
    // Refused: the message was taken for commands, as its sender deserves. None of it may go anywhere.
    if ((await this.#data(to)).code !== 354) {
      entry.complete = false;
      throw new Finished();
    }
    await this.#verdict(message, entry);
  }

  async #ask(command: Command): Promise<Reply> {
    await this.#connection.send('command', `${command.line}\r\n`);
    return this.#reply(command.line, command);
  }

  /** Reads the next reply and holds it against what may come. */
  async #reply(to: string, { context = 'command', expectation, limit }: Command): Promise<Reply> {
    const { lines, waited } = await this.#connection.reply(limit).catch((error: unknown) => {
      throw error instanceof Unanswered ? new Unanswered(`${to}: ${error.message}`) : error;
    });
    this.#world.statistics.waited(to.split(' ', 1)[0] ?? '', waited);
    const reply = readReply(lines, context);
    if (typeof reply === 'string') {
      this.#wrong(`${to}: ${reply}`);
      throw new Finished();
    }
    const problem = misfit(reply, expectation);
    if (problem !== undefined) this.#wrong(`${to}: ${problem}`);
    if (reply.code === 421) throw new Finished();
    return reply;
  }

  #wrong(what: string): void {
    this.#world.statistics.wrong(`${this.#name}: ${what}`);
  }
}

function rcptLine({ address }: Recipient): string {
  return `RCPT TO:<${address}>`;
}
