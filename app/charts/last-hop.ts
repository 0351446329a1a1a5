import type { IContainer } from 'kubernetes-models/v1/Container';
import type { MailpitRelay } from '../../constructs/mailpit.ts';
import type { EgressFlow } from '../../constructs/network-policy.ts';
import type { SecretName } from '../secrets/catalog.ts';

/** What the chosen last hop adds to the relay's pod, and to what stands around it. */
export interface LastHop {
  readonly container: IContainer;
  /** Port on loopback to which mx-validator passes mail on. */
  readonly nextHopPort: number;
  /** Present where Mailpit is on the way; otherwise it gets copies. */
  readonly mailpitRelay?: MailpitRelay;
  /** Claims with mail in them; `file` is the name behind `25-pvc-`. */
  readonly claims: readonly { readonly name: string; readonly file: string }[];
  /** Its Secret, if it has one. */
  readonly secret?: { readonly name: SecretName; readonly readOnce: boolean };
  /** Its settings, where they are no secret. */
  readonly config?: { readonly name: string; readonly yaml: string };
  /** Its port for Prometheus, if it has one. */
  readonly metrics?: { readonly name: string; readonly port: number };
  /** Where it has to reach. */
  readonly egress: readonly EgressFlow[];
}
