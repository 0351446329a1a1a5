import { join } from 'node:path';

import { environment, paths } from '../../relay-src/mx-validator/contract.ts';
import { loopback } from './ports.ts';
import { startProgram } from './process.ts';
import type { Running } from './process.ts';
import { answers, until } from './until.ts';

const program = join(import.meta.dirname, '../../relay-src/mx-validator/main.ts');

/** Where mx-validator listens, and its next hop, all on loopback. */
export interface Wiring {
  readonly smtpPort: number;
  readonly metricsPort: number;
  readonly upstreamPort: number;
}

export interface MxValidatorOptions extends Wiring {
  /** `ip:port,…`; the system's resolvers when left out. */
  readonly dnsServers?: string | undefined;
  readonly onLine: (line: string) => void;
}

/** The environment of mx-validator, as far as every run of it needs it. */
export function wired({ smtpPort, metricsPort, upstreamPort }: Wiring): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    [environment.listenAddr]: `${loopback}:${smtpPort}`,
    [environment.metricsAddr]: `${loopback}:${metricsPort}`,
    [environment.upstreamHost]: loopback,
    [environment.upstreamPort]: String(upstreamPort),
  };
}

/** Starts the real program on loopback and waits until it and its next hop answer. */
export async function startMxValidator(options: MxValidatorOptions): Promise<Running> {
  const { metricsPort, dnsServers, onLine } = options;
  const running = startProgram({
    name: 'mx-validator',
    command: process.execPath,
    args: [program],
    env: {
      ...wired(options),
      [environment.hostname]: 'relay.localhost',
      [environment.logFormat]: 'text',
      ...(dnsServers === undefined ? {} : { [environment.dnsServers]: dnsServers }),
    },
    onLine,
  });
  try {
    await until('mx-validator', answers(`http://${loopback}:${metricsPort}${paths.ready}`), { of: running });
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}
