/**
 * Protocol cases as text, one story a file; `mx-validator/dialogues/README.md` explains the format to those who
 * add one. A dialogue runs against a whole relay on loopback with a fake upstream behind it.
 */
import { fileURLToPath } from 'node:url';
import type { Environment } from '../mx-validator/config.ts';
import type { Parts } from '../mx-validator/relay.ts';
import { limits, type LimitRule, type Limits } from '../smtp/rules.ts';
import { FakeUpstream, type Fault } from './fake-upstream.ts';
import { RawClient, type Pace } from './raw-client.ts';
import { startTestRelay } from './relay.ts';

export interface Step {
  readonly line: number;
  readonly who: string;
  readonly operator: string;
  readonly text: string;
}

export interface Dialogue {
  readonly env: Environment;
  readonly offers: readonly string[] | undefined;
  readonly faults: readonly Fault[];
  /** No upstream listens. */
  readonly down: boolean;
  /** Seconds of the limits count as milliseconds. */
  readonly fast: boolean;
  /** Too much for one byte at a time. */
  readonly wholeOnly: boolean;
  readonly steps: readonly Step[];
}

/** Folder of test fixtures: `{testing}` in a variable's value. */
const testing = fileURLToPath(new URL('.', import.meta.url));

/** Reads a dialogue. Throws with the line number of what it does not understand. */
export function parseDialogue(text: string): Dialogue {
  const env: Record<string, string> = {};
  const faults: Fault[] = [];
  const steps: Step[] = [];
  let offers: string[] | undefined;
  const flags = new Set<string>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trimEnd();
    if (line === '' || line.startsWith('#')) continue;
    const setting = /^relay ([A-Z_]+)=(.*)$/.exec(line);
    const fault = /^upstream (?:after (\d+) )?(.+?) => (.+)$/.exec(line);
    const offer = /^upstream offers ?(.*)$/.exec(line);
    const step =
      /^([cdur]) (->|~>|<-|<~(?:\*\d+)?|close|reset|<eof|starttls|messages|<=|!=|wait|stop)(?: (.*))?$/.exec(
        line,
      );
    if (setting !== null) env[setting[1] ?? ''] = (setting[2] ?? '').replace('{testing}', testing);
    else if (offer !== null) offers = (offer[1] ?? '').split(',').filter((one) => one !== '');
    else if (fault !== null) {
      faults.push({ at: fault[2] ?? '', answer: unescape(fault[3] ?? ''), after: Number(fault[1] ?? 0) });
    } else if (/^(upstream down|fast|whole-only)$/.test(line)) flags.add(line);
    else if (step !== null) {
      steps.push({ line: index + 1, who: step[1] ?? '', operator: step[2] ?? '', text: step[3] ?? '' });
    } else throw new Error(`line ${index + 1}: ${line}`);
  }
  return {
    env,
    offers,
    faults,
    down: flags.has('upstream down'),
    fast: flags.has('fast'),
    wholeOnly: flags.has('whole-only'),
    steps,
  };
}

/** `\r`, `\n`, `\t`, `\0`, `\xNN`, `\\`, and `{text*3}` for a text three times. */
export function unescape(text: string): string {
  return text
    .replace(/\\(?:x([0-9a-f]{2})|([rnt0\\]))/gi, (_, hex: string | undefined, letter: string | undefined) =>
      hex === undefined
        ? ({ r: '\r', n: '\n', t: '\t', '0': '\0', '\\': '\\' }[letter ?? ''] ?? '')
        : String.fromCharCode(Number.parseInt(hex, 16)),
    )
    .replace(/\{([^{}]*?)\*(\d+)\}/g, (_, part: string, times: string) => part.repeat(Number(times)));
}

/**
 * Runs a dialogue; undefined if it went as written, else what differs, with the whole exchange. `patience` is how
 * long it waits for a line, in milliseconds.
 */
export async function runDialogue(
  dialogue: Dialogue,
  pace: Pace,
  parts: Partial<Parts> = {},
  patience = 2000,
): Promise<string | undefined> {
  const upstream = new FakeUpstream({
    faults: dialogue.faults.map((fault) => ({ ...fault })),
    ...(dialogue.offers === undefined ? {} : { offers: dialogue.offers }),
  });
  await upstream.start();
  if (dialogue.down) await upstream.stop();
  const relay = await startTestRelay(upstream.port, dialogue.env, {
    ...parts,
    limits: dialogue.fast ? inMilliseconds(parts.limits ?? limits) : (parts.limits ?? limits),
  });
  const clients = new Map<string, RawClient>();
  let stopped: Promise<void> | undefined;
  const step = async (one: Step): Promise<string | undefined> => {
    if (one.who === 'u') return upstreamStep(upstream, one);
    if (one.who === 'r') {
      stopped = relay.stop(1000);
      return undefined;
    }
    const client = clients.get(one.who) ?? (await RawClient.connect(relay.ports[0] ?? 0, pace));
    clients.set(one.who, client);
    const problem = await clientStep(client, one, patience);
    return problem === undefined ? undefined : `${problem}\n${client.transcript}`;
  };
  try {
    for (const one of dialogue.steps) {
      const problem = await step(one);
      if (problem !== undefined) return `line ${one.line}: ${problem}`;
    }
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    for (const client of clients.values()) client.close();
    await (stopped ?? relay.stop(0));
    await upstream.stop();
  }
}

function inMilliseconds(bounds: Limits): Limits {
  const fast = (rule: LimitRule): LimitRule => ({ ...rule, value: rule.value / 1000 });
  return { ...bounds, idle: fast(bounds.idle), transaction: fast(bounds.transaction) };
}

async function clientStep(
  client: RawClient,
  { operator, text }: Step,
  patience: number,
): Promise<string | undefined> {
  if (operator === '->') await client.send(`${unescape(text)}\r\n`);
  else if (operator === '~>') await client.send(Buffer.from(unescape(text), 'latin1'));
  else if (operator === 'starttls') await client.startTls();
  else if (operator === 'close' || operator === 'reset') client.close(operator === 'reset' ? 'reset' : 'fin');
  else if (operator === '<eof') {
    const line = await client.line(patience);
    return line === undefined ? undefined : `the relay says "${line}" and should have closed`;
  } else if (operator === 'wait') await new Promise((resolve) => setTimeout(resolve, Number(text)));
  else if (operator === '<-' || operator.startsWith('<~')) {
    for (let times = Number(operator.slice(3) || 1); times > 0; times -= 1) {
      const line = await client.line(patience);
      if (line === undefined) return `the relay closed and should have said "${text}"`;
      const right = operator === '<-' ? line === unescape(text) : new RegExp(text).test(line);
      if (!right) return `the relay says "${line}" and should have said "${text}"`;
    }
  } else return `${operator} is not for a client`;
  return undefined;
}

function upstreamStep(upstream: FakeUpstream, { operator, text }: Step): string | undefined {
  const expected = unescape(text);
  if (upstream.others.length > 0) return `the upstream was told "${upstream.others.join('", "')}"`;
  if (operator === '<-') {
    const command = upstream.commands.shift();
    return command === expected ? undefined : `the upstream was told "${command}" and not "${expected}"`;
  }
  if (operator === 'messages') {
    const got = upstream.messages.length;
    return got === Number(expected) ? undefined : `the upstream has ${got} messages and not ${expected}`;
  }
  const body = upstream.messages.at(-1)?.body.toString('latin1');
  const holds = body?.includes(expected) ?? false;
  if (operator === '<=') return holds ? undefined : `the upstream got ${JSON.stringify(body)}`;
  if (operator === '!=') return holds ? `the upstream got ${JSON.stringify(body)}` : undefined;
  return `${operator} is not for u`;
}
