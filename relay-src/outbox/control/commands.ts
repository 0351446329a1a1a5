/**
 * `outbox list | show | export | retry | hold | delete`. The first three read the spool and work without the
 * program; the others are carried out by it.
 */
import { type Command, Option } from 'commander';
import { Layout } from '../spool/layout.ts';
import { committedStates, openRecipients, type Message, type State } from '../spool/message.ts';
import { formatRecord } from '../spool/message-file.ts';
import { NotRunning, send } from './client.ts';
import type { Request } from './protocol.ts';
import { findBody, findDeparture, findMessage, NoSpool, openForReading, readMessages } from './reader.ts';

/** Where output goes and what the exit code becomes: 0 done, 1 no such message, 2 could not run. */
export interface Terminal {
  write(text: string | Buffer): void;
  complain(text: string): void;
  exitCode(code: number): void;
}

export const terminal: Terminal = {
  write: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(`outbox: ${text}\n`),
  exitCode: (code) => (process.exitCode = code),
};

/** Adds the commands to a program. `spoolOf` tells the folder of the spool when one of them runs. */
export function addControlCommands(program: Command, spoolOf: () => string, io: Terminal = terminal): void {
  const run = async (task: () => Promise<void>): Promise<void> => {
    try {
      await task();
    } catch (error) {
      if (!(error instanceof NotRunning) && !(error instanceof NoSpool)) throw error;
      io.complain(error.message);
      io.exitCode(2);
    }
  };
  const missing = (id: string): void => {
    io.complain(`there is no message ${id}`);
    io.exitCode(1);
  };
  const stateOption = (): Option => new Option('--state <state>', 'only these').choices(committedStates);

  program
    .command('list')
    .description('what waits, oldest first')
    .addOption(stateOption())
    .option('--json', 'one JSON object a line')
    .action(({ state, json }: { state?: State; json?: true }) =>
      run(async () => {
        const layout = await openForReading(spoolOf());
        const { messages, unreadable } = await readMessages(
          layout,
          state === undefined ? undefined : [state],
        );
        const lines = json === true ? messages.map(jsonLine) : table(messages, Date.now());
        for (const line of lines) io.write(`${line}\n`);
        for (const name of unreadable) io.complain(`${name} cannot be read`);
      }),
    );

  program
    .command('show')
    .description('all that is known of a message, also of one that was sent')
    .argument('<id>')
    .action((id: string) =>
      run(async () => {
        const layout = await openForReading(spoolOf());
        const message = await findMessage(layout, id);
        const departure = message === undefined ? await findDeparture(layout, id) : undefined;
        if (message !== undefined) io.write(`state: ${message.state}\n${formatRecord(message).toString()}`);
        else if (departure !== undefined) io.write(`${JSON.stringify(departure, null, 2)}\n`);
        else missing(id);
      }),
    );

  program
    .command('export')
    .description('the message itself, as it was accepted, to standard output')
    .argument('<id>')
    .action((id: string) =>
      run(async () => {
        const body = await findBody(await openForReading(spoolOf()), id);
        if (body === undefined) missing(id);
        else io.write(body);
      }),
    );

  const change = async (command: Request['command'], what: Request['what']): Promise<void> => {
    await send(new Layout(spoolOf()).file('control'), { command, what }, ({ id, ok, text }) => {
      if (ok) io.write(`${id} ${text}\n`);
      else io.complain(`${id}: ${text}`);
      if (!ok) io.exitCode(1);
    });
  };

  program
    .command('retry')
    .description('try now; a message that is held or failed is queued again, for recipients not served yet')
    .argument('[id...]')
    .option('--all', 'all that are queued, or in the state that is given')
    .addOption(stateOption())
    .action((ids: string[], { all, state }: { all?: true; state?: State }) =>
      run(async () => {
        if ((all === true) === ids.length > 0) {
          io.complain('retry what? Name queue ids, or --all');
          io.exitCode(2);
        } else await change('retry', all === true ? { state: state ?? 'queued' } : ids);
      }),
    );

  program
    .command('hold')
    .description('keep it, and do not try it until it is retried')
    .argument('<id...>')
    .action((ids: string[]) => run(() => change('hold', ids)));

  program
    .command('delete')
    .description('throw it away; nobody is told')
    .argument('<id...>')
    .action((ids: string[]) => run(() => change('delete', ids)));
}

const jsonLine = (message: Message): string => {
  const { id, state, accepted, next, sender, mailbox, recipients, size, attemptCount, reason } = message;
  return JSON.stringify({
    id,
    state,
    accepted: new Date(accepted).toISOString(),
    next: new Date(next).toISOString(),
    sender,
    mailbox,
    recipients,
    open: openRecipients(message),
    size,
    attempts: attemptCount,
    reason,
  });
};

function table(messages: readonly Message[], now: number): string[] {
  const head = ['ID', 'STATE', 'AGE', 'NEXT', 'TRIES', 'OCTETS', 'FROM', 'TO', 'WHY'];
  const rows = messages.map((message) => {
    const [first = '', ...more] = openRecipients(message);
    return [
      message.id,
      message.state,
      span(now - message.accepted),
      message.state === 'queued' ? span(Math.max(0, message.next - now)) : '-',
      String(message.attemptCount),
      String(message.size),
      `<${message.sender}>`,
      more.length === 0 ? first : `${first} and ${more.length} more`,
      (message.reason ?? '').slice(0, 80),
    ];
  });
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A time span in its largest unit, e.g. `3h`. */
function span(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}
