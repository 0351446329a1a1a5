/**
 * What a pod does in the suite, as one file without imports of ours: it is handed to Node in a running container.
 *
 *   dial HOST:PORT…            connects to each; prints a line of JSON each
 *   resolve NAME…              asks the cluster's DNS; prints a line of JSON each
 *   send HOST:PORT FROM TO SUBJECT [SECONDS]
 *                              sends one mail, or one after the other for so long; prints a line of JSON each
 *   serve PORT…                accepts connections, says a word, and closes
 */
import { lookup } from 'node:dns/promises';
import { createServer, connect } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const connectMilliseconds = 1500;
const replyMilliseconds = 60_000;

/** Between mails: a mailbox of Microsoft 365 sends 30 in a minute, and outbox keeps to that. */
const pauseMilliseconds = 1500;
/** After a failure: how the gap looks is what one wants to know. */
const retryMilliseconds = 100;

const [command, ...args] = process.argv.slice(1);

const print = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

function open(target: string): Promise<Socket> {
  const colon = target.lastIndexOf(':');
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)) });
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), connectMilliseconds);
    socket.once('error', (error) => (clearTimeout(timer), reject(error)));
    socket.once('connect', () => (clearTimeout(timer), resolve(socket)));
  });
}

async function dial(target: string): Promise<void> {
  try {
    (await open(target)).destroy();
    print({ target, open: true });
  } catch (error) {
    print({ target, open: false, why: String(error) });
  }
}

async function resolveName(name: string): Promise<void> {
  try {
    print({ name, address: (await lookup(name)).address });
  } catch (error) {
    print({ name, why: String(error) });
  }
}

/** One SMTP transaction; returns the last reply, which says what became of the mail. */
async function send(target: string, from: string, to: string, subject: string): Promise<string> {
  const socket = await open(target);
  socket.setTimeout(replyMilliseconds, () => socket.destroy(new Error('no reply')));
  const lines = createInterface({ input: socket, crlfDelay: Infinity })[Symbol.asyncIterator]();
  const broken = new Promise<never>((_resolve, reject) => socket.once('error', reject));
  broken.catch(() => undefined);
  const reply = async (): Promise<string> => {
    for (;;) {
      const { value, done } = await Promise.race([lines.next(), broken]);
      if (done === true) throw new Error('the connection was closed');
      if (!/^\d{3}-/.test(value)) return value;
    }
  };
  const message = [
    `From: <${from}>`,
    `To: <${to}>`,
    `Subject: ${subject}`,
    `Message-ID: <${subject}@e2e.example>`,
    `Date: ${new Date().toUTCString()}`,
    '',
    `This is ${subject}.`,
    '.',
  ];
  const steps = [
    { send: undefined, expect: '220' },
    { send: 'EHLO e2e.example', expect: '250' },
    { send: `MAIL FROM:<${from}>`, expect: '250' },
    { send: `RCPT TO:<${to}>`, expect: '250' },
    { send: 'DATA', expect: '354' },
    { send: message.join('\r\n'), expect: '250' },
  ];
  try {
    let last = '';
    for (const step of steps) {
      if (step.send !== undefined) socket.write(`${step.send}\r\n`);
      last = await reply();
      if (!last.startsWith(step.expect)) break;
    }
    socket.end('QUIT\r\n');
    return last;
  } finally {
    socket.destroySoon();
  }
}

async function sendAll([target = '', from = '', to = '', subject = '', seconds]: string[]): Promise<void> {
  const end = performance.now() + Number(seconds ?? 0) * 1000;
  let number = 0;
  do {
    const name = seconds === undefined ? subject : `${subject}-${number++}`;
    let reply = '';
    try {
      reply = await send(target, from, to, name);
      print({ subject: name, reply });
    } catch (error) {
      print({ subject: name, why: String(error) });
    }
    if (seconds !== undefined) await delay(reply.startsWith('250') ? pauseMilliseconds : retryMilliseconds);
  } while (performance.now() < end);
}

function serve(port: string): void {
  createServer((socket) => socket.on('error', () => undefined).end('220 here\r\n')).listen(Number(port));
}

if (command === 'dial') await Promise.all(args.map(dial));
else if (command === 'resolve') await Promise.all(args.map(resolveName));
else if (command === 'send') await sendAll(args);
else if (command === 'serve') args.forEach(serve);
else throw new Error(`unknown command ${command}`);
// A long-lived pod ends when it is asked to.
process.on('SIGTERM', () => process.exit(0));
