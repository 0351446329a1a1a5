import type { Consequence, ConsequenceKind, Context } from '../consequence.ts';
import { alerts } from './alerts.ts';
import { cosmetic } from './cosmetic.ts';
import { dataLoss } from './data-loss.ts';
import { flux } from './flux.ts';
import { images } from './image.ts';
import { inPlace } from './in-place.ts';
import { network } from './network.ts';
import { pruned } from './pruned.ts';
import { reach } from './reach.ts';
import { refused } from './refused.ts';
import { restart } from './restart.ts';
import { sandbox } from './sandbox.ts';
import { staleConfig } from './stale-config.ts';

/** Every kind of consequence, in the order in which a reviewer wants to read them. */
export const consequenceKinds: readonly ConsequenceKind[] = [
  dataLoss,
  refused,
  network,
  reach,
  sandbox,
  images,
  restart,
  staleConfig,
  flux,
  pruned,
  alerts,
  cosmetic,
];

/** All consequences of what changed. @param transition false between two environments, where nothing happens */
export function consequencesOf(context: Context, transition: boolean): Consequence[] {
  const found = consequenceKinds
    .filter((kind) => transition || !kind.transition)
    .flatMap((kind) =>
      Array.from(kind.find(context), (one) => ({ kind: kind.id, ...one, reference: kind.reference })),
    );
  return transition ? [...found, ...inPlace(context, found)] : found;
}
