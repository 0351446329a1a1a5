/** Structured logs: JSON lines by pino, or `key=value` lines for people. */
import pino, { type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  /** `text` is for people: `time level message key=value …`. */
  readonly format: 'json' | 'text';
}

/** Characters gathered before a write; a system call a line would be a tenth of a small message's cost. */
const enough = 8192;
/** Milliseconds that a line waits at most. */
const longestWait = 250;

/** Makes the log of a program, and what must be called before it exits. */
export function createLog(options: LogOptions): { log: Log; flush: () => void } {
  const { destination, flush } = gathered();
  const output: DestinationStream =
    options.format === 'json' ? destination : { write: (line) => destination.write(asText(line)) };
  const log = pino({ level: options.level, base: undefined, timestamp, formatters: { level } }, output);
  const asJson = quickly(Reflect.get(log, pino.symbols.asJsonSym));
  Reflect.set(log, pino.symbols.asJsonSym, asJson);
  if (log.isLevelEnabled('info')) log.info = straight(log, asJson, output);
  return { log, flush };
}

/** `info` of a record and a message, as the line of each transaction is: past what pino looks at in calls of all forms. */
function straight(log: Log, asJson: AsJson, output: DestinationStream): Log['info'] {
  const { info } = log;
  if (!isReady(log)) return info;
  const number = pino.levels.values['info'] ?? 0;
  return function straightInfo(this: Log, first: unknown, ...rest: unknown[]): void {
    const [message] = rest;
    // A child has words of its own to put before it.
    const usual = this === log && rest.length === 1 && typeof message === 'string';
    if (usual && typeof first === 'object' && first !== null && !(first instanceof Error)) {
      output.write(asJson.call(log, first, message, number, timestamp()));
    } else {
      Reflect.apply(info, this, [first, ...rest]);
    }
  };
}

/** How pino makes a line, under a name that it exports for extensions. */
type AsJson = (
  this: Ready,
  record: object,
  message: string | undefined,
  level: number,
  time: string,
) => string;

/** The parts of a line that pino has ready. */
interface Ready {
  readonly [pino.symbols.lsCacheSym]: Readonly<Record<number, string>>;
  readonly [pino.symbols.chindingsSym]: string;
}

function isReady(log: object): log is Ready {
  return pino.symbols.lsCacheSym in log && pino.symbols.chindingsSym in log;
}

/**
 * Pino puts a line together key by key, V8 does it in one go, which saves a third of what a line costs. What V8 cannot
 * write, and errors, are left to pino.
 */
function quickly(asJson: AsJson): AsJson {
  return function quick(record, message, level, time) {
    const fields = Array.isArray(record) || 'err' in record ? undefined : fieldsOf(record);
    if (fields === undefined) return asJson.call(this, record, message, level, time);
    const begin = `${this[pino.symbols.lsCacheSym][level] ?? '{'}${time}${this[pino.symbols.chindingsSym]}`;
    const end = message === undefined ? '}\n' : `,"msg":${JSON.stringify(message)}}\n`;
    return fields === '' ? begin + end : `${begin},${fields}${end}`;
  };
}

function fieldsOf(record: object): string | undefined {
  try {
    return JSON.stringify(record).slice(1, -1);
  } catch {
    return undefined; // a cycle, or a BigInt
  }
}

/** Standard output, a block of lines at a time. Pino's own gathering copies the whole block for each line. */
function gathered(): { destination: DestinationStream; flush: () => void } {
  const file = pino.destination({ fd: 1, sync: true });
  let lines = '';
  const write = (): void => {
    if (lines === '') return;
    const block = lines;
    lines = '';
    file.write(block);
  };
  setInterval(write, longestWait).unref();
  const destination = {
    write(line: string) {
      lines += line;
      if (lines.length >= enough) write();
    },
  };
  const flush = (): void => {
    write();
    file.flushSync();
  };
  return { destination, flush };
}

let second = 0;
let upToSecond = '';

/** The time in ISO 8601, as pino wants it; only the milliseconds are made anew for each line. */
function timestamp(): string {
  const now = Date.now();
  if (Math.floor(now / 1000) !== second) {
    second = Math.floor(now / 1000);
    upToSecond = `,"time":"${new Date(now).toISOString().slice(0, -4)}`;
  }
  return `${upToSecond}${String(now % 1000).padStart(3, '0')}Z"`;
}

const level = (label: string): { level: string } => ({ level: label });

/** A JSON log line as `time level message key=value …`. */
function asText(line: string): string {
  const record: Record<string, unknown> = JSON.parse(line);
  const { time, level: label, msg, ...rest } = record;
  const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  return `${[time, label, msg].filter((part) => typeof part === 'string').join(' ')}${fields.join('')}\n`;
}
