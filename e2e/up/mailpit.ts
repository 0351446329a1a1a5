import { onPath } from '../tools/path.ts';
import { ToolError } from '../tools/run.ts';
import { tool } from '../tools/tools.ts';
import type { Destination } from './destination.ts';
import { freePort, loopback } from './ports.ts';
import { startProgram } from './process.ts';
import { answers, until } from './until.ts';

type Say = (line: string) => void;

/**
 * Mailpit from the PATH, else built from its source at the pinned version.
 *
 * @returns undefined, after saying why, when neither is possible here.
 */
export async function findMailpit(say: Say): Promise<string | undefined> {
  const installed = await onPath('mailpit');
  if (installed !== undefined) return installed;
  try {
    return await tool('mailpit', say);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    say(`no mailpit on the PATH, and it cannot be built: ${error.message}`);
    return undefined;
  }
}

export interface MailpitOptions {
  readonly binary: string;
  /** Wanted ports; others are taken when these are not free. 0 is any. */
  readonly smtpPort: number;
  readonly uiPort: number;
  readonly say: Say;
  readonly onLine: Say;
}

/** Starts Mailpit with a database that is gone when it ends, and waits until it is ready. */
export async function startMailpit({
  binary,
  smtpPort,
  uiPort,
  say,
  onLine,
}: MailpitOptions): Promise<Destination> {
  const smtp = await freePort(smtpPort, "Mailpit's SMTP", say);
  const http = await freePort(uiPort, "Mailpit's web UI", say);
  const ui = `http://${loopback}:${http}`;
  const program = startProgram({
    name: 'mailpit',
    command: binary,
    args: [],
    env: {
      PATH: process.env['PATH'],
      TMPDIR: process.env['TMPDIR'],
      MP_SMTP_BIND_ADDR: `${loopback}:${smtp}`,
      MP_UI_BIND_ADDR: `${loopback}:${http}`,
      MP_SMTP_DISABLE_RDNS: 'true',
      MP_DISABLE_VERSION_CHECK: 'true',
    },
    onLine,
  });
  try {
    await until('Mailpit', answers(`${ui}/readyz`), { of: program });
  } catch (error) {
    await program.stop();
    throw error;
  }
  return { name: 'Mailpit', smtpPort: smtp, ui, ended: program.ended, stop: () => program.stop() };
}
