/**
 * What a session must look like from outside, read off the bytes that were sent and the replies that came: a second
 * opinion that shares no code with the relay.
 */
import { readReply, type Context, type Reply } from '../soak/client/reply.ts';
import { replies as rules } from '../../relay-src/smtp/rules.ts';

/** A message that the client knows to be accepted. */
export interface Acknowledged {
  readonly recipients: number;
  /** As it must be at the next hop, octets as characters. */
  readonly body: string;
}

/** The codes of the rule table; the next hop of the fuzzer has none of its own. */
const codes = new Set<number>([...Object.values(rules).map(({ code }) => code), 250]);

/** After these the relay hangs up, so what follows is not answered. */
const last = [221, 421];

/** What no client can provoke: a fault of the relay's own. */
const internal = rules.internalError.text;

/**
 * Holds the replies against what was sent: each complete command and each complete message has exactly one, until
 * one that ends the session. Returns the acknowledged messages, or what is wrong.
 */
export function readSession(sent: Buffer, heard: readonly (readonly string[])[]): Acknowledged[] | string {
  const text = sent.toString('latin1');
  const acknowledged: Acknowledged[] = [];
  let recipients = 0;
  let at = 0;
  let next = 0;
  const reply = (context: Context): Reply | string => {
    const lines = heard[next++];
    if (lines === undefined) return 'no reply';
    const one = readReply(lines, context);
    if (typeof one !== 'string' && !codes.has(one.code)) return `${one.code} is not in the table`;
    return typeof one !== 'string' && one.lines.some((line) => line.includes(internal)) ? internal : one;
  };

  const greeting = reply('greeting');
  if (typeof greeting === 'string') return `greeting: ${greeting}`;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
    const line = text.slice(at, end).replace(/\r$/, '');
    at = end + 1;
    const answer = reply(contextOf(line));
    if (typeof answer === 'string') return `${JSON.stringify(line)}: ${answer}`;
    if (last.includes(answer.code)) break;
    if (answer.code === 354) {
      const found = messageAt(text, at);
      if (found === undefined) break;
      at = found.end;
      const verdict = reply('command');
      if (typeof verdict === 'string') return `the message: ${verdict}`;
      if (verdict.code === 250) acknowledged.push({ recipients, body: found.body });
      if (last.includes(verdict.code)) break;
    }
    if (answer.code === 250 && /^rcpt/i.test(line)) recipients += 1;
    else if (answer.code === 354 || /^(mail|rset|ehlo|helo)/i.test(line))
      recipients = answer.code < 400 ? 0 : recipients;
  }
  return next < heard.length
    ? `${heard.length - next} replies too many: ${heard[next]?.join()}`
    : acknowledged;
}

function contextOf(line: string): Context {
  if (/^(ehlo|helo)\b/i.test(line)) return 'hello';
  return /^data/i.test(line) ? 'data' : 'command';
}

/** The message that begins here, with the index behind its end; undefined if it has none (RFC 5321 4.1.1.4). */
function messageAt(text: string, start: number): { body: string; end: number } | undefined {
  const found = `\r\n${text.slice(start)}`.indexOf('\r\n.\r\n');
  if (found < 0) return undefined;
  const body = text
    .slice(start, start + found)
    .replaceAll(/(?<!\r)\n/g, '\r\n')
    .replaceAll(/(^|\r\n)\./g, '$1');
  return { body, end: start + found + 3 };
}
