/**
 * `npm run fuzz`: random sessions on the relay and random MIME on the calendar cutter, until the time is over or
 * something is found.
 *
 * Exit code 0 if nothing was found, 1 with a seed and the smallest case if something was, 2 if it could not run.
 */
import { Command, InvalidArgumentError } from 'commander';
import { randomInt } from 'node:crypto';
import { fuzzMime } from './mime.ts';
import { fuzzSessions } from './sessions.ts';

interface Options {
  readonly seconds: number;
  readonly seed: number;
}

/** Sessions get this share of the time, MIME the rest. */
const sessionShare = 0.7;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function readOptions(): Options {
  return new Command('fuzz')
    .description('Random sessions and random MIME, against what must always hold')
    .option('--seconds <number>', 'how long to look', whole, 600)
    .option(
      '--seed <number>',
      'draws the same sessions as the run that printed it',
      whole,
      randomInt(2 ** 31),
    )
    .parse()
    .opts();
}

function whole(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('not a whole number');
  return Number(text);
}

async function main({ seconds, seed }: Options): Promise<void> {
  // Whatever escapes the relay's own handling would have ended the real program.
  const escaped: unknown[] = [];
  process.on('unhandledRejection', (error) => escaped.push(error));
  process.on('uncaughtException', (error) => escaped.push(error));

  say(`seed ${seed}`);
  const sessions = await fuzzSessions(seconds * 1000 * sessionShare, seed);
  say(`sessions: ${sessions.runs} runs${sessions.failure === undefined ? '' : `\n${sessions.failure}`}`);
  const mime = await fuzzMime(seconds * 1000 * (1 - sessionShare));
  say(`MIME: ${mime.rounds} rounds${mime.failure === undefined ? '' : `\n${mime.failure}`}`);
  for (const error of escaped) say(`escaped: ${error instanceof Error ? error.stack : String(error)}`);

  const found = [sessions.failure, mime.failure, ...escaped].filter((one) => one !== undefined).length;
  say(
    found === 0 ? 'nothing found' : `found ${found}; the same sessions again: npm run fuzz -- --seed ${seed}`,
  );
  process.exitCode = found === 0 ? 0 : 1;
}

await main(readOptions()).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 2;
});
