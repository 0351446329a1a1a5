import { internet } from '../../constructs/internet.ts';
import { mailpitPorts } from '../../constructs/mailpit.ts';
import { smtp2graph, smtp2graphNames, smtp2graphPort } from '../../constructs/smtp2graph.ts';
import { drainSeconds } from '../../relay-src/mx-validator/contract.ts';
import { type Environment, LOOPBACK } from '../environment.ts';
import { imageOf } from '../images.ts';
import type { LastHop } from './last-hop.ts';

/** The published order: mx-validator → Mailpit → smtp2graph. */
export function smtp2graphHop({ settings, images }: Environment): LastHop {
  return {
    container: smtp2graph({ image: imageOf(images, 'smtp2graph'), resources: settings.resources.smtp2graph }),
    nextHopPort: mailpitPorts.smtp,
    mailpitRelay: {
      host: LOOPBACK,
      port: smtp2graphPort,
      // All containers get SIGTERM together. mx-validator needs its drain time, and Mailpit must outlive it.
      preStopSeconds: drainSeconds + 5,
    },
    claims: [{ name: smtp2graphNames.claim, file: 'smtp2graph' }],
    secret: { name: smtp2graphNames.secret, readOnce: true },
    egress: [{ peers: internet(settings.cluster.networks), protocols: ['TCP'], ports: [443] }],
  };
}
