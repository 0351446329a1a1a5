import type { KubeApi } from '../api.ts';
import type { Host } from '../host.ts';
import { names, nft } from './links.ts';
import { policyTable } from './policies.ts';

const pollMilliseconds = 200;

/**
 * Stands in for the part of a network plugin that enforces NetworkPolicies; none can be built from published
 * modules alone. A new pod is open for as long as a poll takes.
 */
export class PolicyEnforcer {
  readonly #api: KubeApi;
  #wanted = true;
  #applied = '';

  private constructor(api: KubeApi) {
    this.#api = api;
  }

  static start(host: Host, api: KubeApi): PolicyEnforcer {
    const enforcer = new PolicyEnforcer(api);
    host.repeat('the enforcer of policies', pollMilliseconds, () => enforcer.#round());
    return enforcer;
  }

  /** Enforces, or lets everything through; returns when that is so. */
  async enforce(on: boolean): Promise<void> {
    this.#wanted = on;
    await this.#round();
  }

  async #round(): Promise<void> {
    const table = this.#wanted
      ? await this.#table()
      : `table inet ${names.policies}\ndelete table inet ${names.policies}\n`;
    if (table === this.#applied) return;
    await nft(table);
    this.#applied = table;
  }

  async #table(): Promise<string> {
    const [pods, namespaces, policies] = await Promise.all([
      this.#api.list('v1', 'Pod'),
      this.#api.list('v1', 'Namespace'),
      this.#api.list('networking.k8s.io/v1', 'NetworkPolicy'),
    ]);
    return policyTable({ pods, namespaces, policies });
  }
}
