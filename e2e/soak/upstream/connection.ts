/** One connection to the next hop: the dialogue, with a fault at any point of it. */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ByteReader } from '../byte-reader.ts';
import type { Random } from '../../../relay-src/testing/random.ts';
import { drawFault, marker, type Fault, type Point } from './faults.ts';
import { MessageReader, readReceived } from './message.ts';
import type { Delivery, Receiver } from './receiver.ts';

const extensions = ['SIZE 52428800', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES'] as const;

/** A relay that waited this long for the answer to the dot may give up (milliseconds). */
const longestWait = 119_000;

/** Thrown where the connection is over. */
class Over extends Error {}

export class Connection {
  readonly #receiver: Receiver;
  readonly #socket: Socket;
  readonly #random: Random;
  readonly #reader: ByteReader;
  /** What happened here last: a command that came, a reply that went, or the end of reading. */
  last = 'accepted';
  #from: string | undefined;
  /** MAIL was refused, so a pipelined RCPT behind it is no offence. */
  #refused = false;
  #to: string[] = [];
  #abandoned = false;
  /** The last message that was taken here, until another command shows that the answer was heard. */
  #unconfirmed: Delivery | undefined;

  constructor(receiver: Receiver, socket: Socket, random: Random) {
    this.#receiver = receiver;
    this.#socket = socket;
    this.#random = random;
    this.#reader = new ByteReader(socket);
  }

  async serve(): Promise<void> {
    try {
      await this.#receiver.awake();
      await this.#answer('connect', '220 upstream.example ESMTP');
      for (;;) await this.#command(await this.#line());
    } catch (error) {
      if (!(error instanceof Over)) throw error;
      this.#socket.destroySoon();
    }
  }

  async #line(): Promise<string> {
    const line = await this.#reader.line();
    this.last = line === undefined ? 'read to the end' : `heard ${line}`;
    if (line === undefined) throw new Over();
    await this.#receiver.awake();
    this.#unconfirmed = undefined;
    return line;
  }

  async #command(line: string): Promise<void> {
    const verb = line.split(' ', 1)[0] ?? '';
    switch (verb) {
      case 'EHLO':
        this.#reset();
        return this.#answer('EHLO', this.#greeting());
      case 'HELO':
        this.#reset();
        return this.#say('250 upstream.example');
      case 'RSET':
        this.#reset();
        return this.#answer('RSET', '250 2.0.0 Ok');
      case 'MAIL':
        return this.#mail(line);
      case 'RCPT':
        return this.#rcpt(line);
      case 'DATA':
        return this.#data(line);
      case 'QUIT':
        await this.#say('221 2.0.0 Bye');
        throw new Over();
      default:
        this.#offence(line);
        return this.#say('500 5.5.2 What?');
    }
  }

  #greeting(): string {
    const offers = this.#receiver.manner === 'strict' ? ['PIPELINING', ...extensions] : extensions;
    return ['250-upstream.example', ...offers.map((one) => `250-${one}`), '250 HELP'].join('\r\n');
  }

  async #mail(line: string): Promise<void> {
    const from = /^MAIL FROM:<([^>]*)>(?: [!-~]+)*$/.exec(line)?.[1];
    if (from === undefined || this.#from !== undefined || this.#to.length > 0) this.#offence(line);
    if (await this.#accepts('MAIL', '250 2.1.0 Ok')) this.#from = from;
    else this.#refused = true;
  }

  async #rcpt(line: string): Promise<void> {
    const to = /^RCPT TO:<([^>]+)>$/.exec(line)?.[1];
    if (to === undefined || (this.#from === undefined && !this.#refused)) this.#offence(line);
    if (this.#from === undefined) return this.#say('503 5.5.1 MAIL first');
    if ((await this.#accepts('RCPT', '250 2.1.5 Ok')) && to !== undefined) this.#to.push(to);
  }

  async #data(line: string): Promise<void> {
    if (line !== 'DATA' || this.#from === undefined || this.#to.length === 0) this.#offence(line);
    if (await this.#accepts('DATA', '354 Go on')) await this.#receive();
  }

  async #receive(): Promise<void> {
    const reader = new MessageReader(this.#receiver.manner === 'strict' ? 'strict' : 'lax');
    let fault = this.#draw('body');
    let refused = false;
    for (;;) {
      await this.#receiver.awake();
      const chunk = await this.#reader.chunk();
      if (chunk === undefined) throw new Over(); // half a message: nothing is delivered
      const end = reader.push(chunk);
      if (end !== undefined) {
        this.#reader.unread(end.rest);
        if (refused) this.#reset();
        else await this.#take(end.message);
        return;
      }
      if (fault !== undefined && 'after' in fault && reader.size >= fault.after) {
        this.#receiver.count('body', fault);
        await this.#disturb(fault);
        refused = fault.kind === 'early';
        fault = undefined;
      }
    }
  }

  async #disturb(fault: Fault): Promise<void> {
    if (fault.kind === 'close' || fault.kind === 'reset') this.#end(fault.kind);
    if (fault.kind === 'wait') await sleep(fault.milliseconds);
    if (fault.kind !== 'early') return;
    // As at a limit. The rest is read, but it is no message any more.
    await this.#say(`552 5.3.4 ${marker}: enough`);
  }

  async #take(message: Buffer): Promise<void> {
    const began = performance.now();
    const fault = this.#draw('dot');
    if (fault !== undefined) this.#receiver.count('dot', fault);
    await sleep(this.#receiver.delay);
    await this.#receiver.awake();
    if (fault !== undefined) await this.#before(fault);
    if (fault?.kind === 'say') {
      this.#reset();
      return;
    }
    this.#receiver.accepted += 1;
    const delivery: Delivery = {
      ...readReceived(message),
      queueId: `Q${this.#receiver.accepted}`,
      from: this.#from ?? '',
      to: this.#to,
      answerLost: undefined,
    };
    if (performance.now() - began > longestWait) delivery.answerLost = 'the answer came after two minutes';
    if (this.#abandoned) delivery.answerLost = 'the upstream went away as it took it';
    if (fault?.kind === 'taken') delivery.answerLost = `upstream took it, then: ${fault.lost}`;
    this.#reset();
    this.#unconfirmed = delivery;
    this.#receiver.options.onDelivery(delivery);
    const answer = `250 2.6.0 ${marker}: queued as ${delivery.queueId}`;
    if (fault?.kind === 'taken') await this.#lose(answer, fault.lost);
    await this.#say(answer);
    if (fault?.kind === 'answer and close') throw new Over();
  }

  /** What happens instead of taking the message, or before. */
  async #before(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'say':
        return this.#say(fault.reply);
      case 'close':
      case 'reset':
        return this.#end(fault.kind);
      case 'wait':
        await sleep(fault.milliseconds);
        return undefined;
      case 'silence':
        await sleep(fault.milliseconds);
        return this.#end('close');
      case 'early':
      case 'taken':
      case 'answer and close':
        return undefined;
    }
  }

  async #lose(answer: string, how: 'close' | 'reset' | 'half an answer'): Promise<never> {
    if (how !== 'half an answer') return this.#end(how);
    this.#socket.write(answer.slice(0, this.#random.whole(1, answer.length)));
    throw new Over();
  }

  /** The normal answer, or what goes wrong instead. */
  async #answer(point: Point, normal: string): Promise<void> {
    await this.#accepts(point, normal);
  }

  /** True if the normal answer was given. */
  async #accepts(point: Point, normal: string): Promise<boolean> {
    const fault = this.#draw(point);
    if (fault === undefined) {
      await this.#say(normal);
      return true;
    }
    this.#receiver.count(point, fault);
    await this.#before(fault);
    if (fault.kind === 'say') return false;
    await this.#say(normal);
    if (fault.kind === 'answer and close') throw new Over();
    return true;
  }

  #draw(point: Point): Fault | undefined {
    const { faulty, manner, options } = this.#receiver;
    if (!faulty) return undefined;
    return drawFault(this.#random, point, {
      longest: options.longestSilence,
      mailpit: manner === 'mailpit',
    });
  }

  async #say(reply: string): Promise<void> {
    if (this.#receiver.delay > 0) await sleep(this.#receiver.delay);
    await this.#receiver.awake();
    this.last = `said ${reply}`;
    this.#socket.write(`${reply}\r\n`);
  }

  #end(how: 'close' | 'reset'): never {
    if (how === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.end();
    throw new Over();
  }

  #reset(): void {
    this.#from = undefined;
    this.#refused = false;
    this.#to = [];
  }

  #offence(line: string): void {
    this.#receiver.options.onOffence(`upstream heard ${JSON.stringify(line)}, not expected there`);
  }

  /** The upstream goes away, whatever is going on here. */
  abandon(how: 'close' | 'reset'): void {
    this.#abandoned = true;
    if (this.#unconfirmed !== undefined) {
      this.#unconfirmed.answerLost ??= 'the upstream went away as it answered';
    }
    // What was ended already cannot be reset any more (libuv: EINVAL), and would stay open for ever.
    if (how === 'reset' && !this.#socket.writableEnded) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }
}
