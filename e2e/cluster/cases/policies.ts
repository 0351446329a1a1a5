import assert from 'node:assert/strict';

import { ports as outbox } from '../../../relay-src/outbox/contract.ts';
import { ports as mxValidator } from '../../../relay-src/mx-validator/contract.ts';
import type { Report } from '../../smoke/report.ts';
import { clientPort } from '../client/pods.ts';
import type { Clients, Place } from '../client/pods.ts';
import type { PolicyEnforcer } from '../node/policy-enforcer.ts';

/** Who tries, what, and whether the policies let it. */
interface Cell {
  readonly from: keyof Places;
  readonly to: string;
  readonly allowed: boolean;
}

/** One pod for each row of the table of flows. */
export interface Places {
  readonly sender: Place;
  readonly stranger: Place;
  readonly monitoring: Place;
  readonly ui: Place;
  readonly relay: Place;
}

export interface Targets {
  /** The relay's name in the cluster. */
  readonly service: string;
  /** Address of the relay's pod. */
  readonly relay: string;
  /** Address of a pod in another namespace. */
  readonly stranger: string;
  readonly internet: string;
  /** Address of the API server's Service. */
  readonly apiServer: string;
}

/** Every cell of the table of flows, tried from real pods: with the enforcer, and without it as a control. */
export async function policyCases(
  report: Report,
  world: { clients: Clients; enforcer: PolicyEnforcer; places: Places; targets: Targets },
): Promise<void> {
  const { clients, enforcer, places, targets } = world;
  const cells = matrix(targets);
  const wrong = async (expected: (cell: Cell) => boolean): Promise<string[]> => {
    const rows = Object.entries(places).map(async ([name, place]: [string, Place]) => {
      const own = cells.filter(({ from }) => from === name);
      const answers = await clients.dial(
        place,
        own.map(({ to }) => to),
      );
      return own.flatMap((cell) => {
        const open = answers.find(({ target }) => target === cell.to)?.open;
        return open === expected(cell)
          ? []
          : [`${cell.from} → ${cell.to}: ${open === true ? 'open' : 'closed'}`];
      });
    });
    return (await Promise.all(rows)).flat();
  };

  await report.case(
    `the policies hold in each of ${cells.length} cells (stand-in for the enforcer)`,
    async () => {
      assert.deepEqual(await wrong(({ allowed }) => allowed), []);
    },
  );
  const closed = cells.filter(({ allowed }) => !allowed).length;
  await report.case(
    `without the enforcer, the ${closed} closed cells are open: it is the policies`,
    async () => {
      await enforcer.enforce(false);
      try {
        assert.deepEqual(await wrong(() => true), []);
      } finally {
        await enforcer.enforce(true);
      }
    },
  );
}

function matrix({ service, relay, stranger, internet, apiServer }: Targets): Cell[] {
  const cells = (from: keyof Places, allowed: boolean, ...targets: string[]): Cell[] =>
    targets.map((to) => ({ from, to, allowed }));
  const smtp = [`${service}:25`, `${relay}:${mxValidator.smtp}`];
  const metrics = [mxValidator.metrics, 9091, outbox.metrics].map((port) => `${relay}:${port}`);
  const ui = [`${service}:8025`, `${relay}:8025`];
  return [
    ...cells('sender', true, ...smtp),
    ...cells('sender', false, ...metrics, ...ui),
    ...cells('monitoring', true, ...metrics),
    ...cells('monitoring', false, ...smtp, ...ui),
    ...cells('ui', true, ...ui),
    ...cells('ui', false, ...smtp, ...metrics),
    ...cells('stranger', true, `${internet}:25`),
    ...cells('stranger', false, ...smtp, ...metrics, ...ui),
    ...cells('relay', true, `${internet}:443`, 'kube-dns.kube-system.svc.cluster.local:53'),
    ...cells('relay', false, `${internet}:25`, `${stranger}:${clientPort}`, apiServer),
  ];
}
