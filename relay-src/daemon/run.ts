/** The life of a daemon: started, stopped by a signal, and ended with a reason where it cannot go on. */
import type { Log } from './log.ts';

export interface Daemon {
  /** Stops in order; what is under way has `grace` milliseconds. */
  stop(grace: number): Promise<void>;
}

export interface RunOptions {
  readonly name: string;
  readonly log: Log;
  /** Writes what the log still holds back. */
  readonly flush: () => void;
  /** Milliseconds. */
  readonly grace: number;
  /** `die` ends the program for a reason that leaves it no choice. */
  readonly start: (die: (reason: string) => never) => Promise<Daemon>;
}

/** Runs until SIGTERM or SIGINT, a second of which ends it at once. Exit 0 after a stop in order, else 1. */
export function runDaemon({ name, log, flush, grace, start }: RunOptions): void {
  const die = (error: unknown, what: string): never => {
    log.fatal({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, what);
    flush();
    process.stderr.write(`${name}: ${what}: ${String(error)}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', (error) => die(error, 'crashed'));
  process.on('unhandledRejection', (error) => die(error, 'crashed'));

  let daemon: Daemon | undefined;
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, stopping ? 'stopping at once' : 'draining');
    if (stopping) {
      flush();
      process.exit(1);
    }
    stopping = true;
    // While it starts there is nothing to stop in order: what it has not promised yet needs no end.
    (daemon?.stop(grace) ?? Promise.resolve()).then(
      () => {
        log.info('stopped');
        flush();
        process.exit(0);
      },
      (error: unknown) => die(error, 'cannot stop'),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  start((reason) => die(reason, 'cannot go on')).then(
    (started) => {
      daemon = started;
    },
    (error: unknown) => die(error, 'cannot start'),
  );
}
