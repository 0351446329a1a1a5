/** A program under load: started on a core of its own, and what it used. Linux only: reads /proc. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readdirSync, readFileSync } from 'node:fs';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Asks the system's resolver: gets an /etc/resolv.conf of its own, which needs root. */
  readonly systemResolver?: true;
}

export interface Usage {
  /** Seconds, user and system, of all its processes and threads so far. */
  readonly cpu: number;
  /** Peak resident memory, octets; of several processes the sum, which counts shared pages more than once. */
  readonly peak: number;
  readonly resident: number;
}

export class Program {
  readonly #child: ChildProcess;
  readonly #logFile: string;
  /** Resolves with how it ended: an exit code or a signal. */
  readonly ended: Promise<string>;

  /** `prefix`: a command that starts another, e.g. taskset. What the program prints goes to `logFile`. */
  constructor({ command, args, env }: Command, prefix: readonly string[], logFile: string) {
    const [first = command, ...rest] = [...prefix, command, ...args];
    const log = openSync(logFile, 'w');
    this.#logFile = logFile;
    this.#child = spawn(first, rest, {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', log, log],
    });
    this.ended = once(this.#child, 'close').then((how) => how.join(' ').trim());
    process.once('exit', this.#kill);
  }

  readonly #kill = (): void => void this.#child.kill('SIGKILL');

  usage(): Usage {
    const processes = familyOf(this.#child.pid ?? 0).map(processUsage);
    const sum = (of: keyof Usage): number => processes.reduce((total, one) => total + one[of], 0);
    return { cpu: sum('cpu'), peak: sum('peak'), resident: sum('resident') };
  }

  /** The last lines that it printed. */
  lastWords(): string {
    return readFileSync(this.#logFile, 'utf8').split('\n').slice(-6).join('\n').trim();
  }

  async stop(): Promise<void> {
    this.#child.kill();
    const killer = setTimeout(this.#kill, 5000);
    await this.ended;
    clearTimeout(killer);
    process.off('exit', this.#kill);
  }
}

/** A process and all that come from it. */
function familyOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => familyOf(Number(child)))];
}

/** The unit of times in /proc/PID/stat: USER_HZ, 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

function processUsage(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // After the name, which may contain anything: utime, stime, and those of children that ended.
  const times = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15);
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kibibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    cpu: times.reduce((total, ticks) => total + Number(ticks), 0) / ticksPerSecond,
    peak: kibibytes('VmHWM') * 1024,
    resident: kibibytes('VmRSS') * 1024,
  };
}
