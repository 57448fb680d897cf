import { services } from '#runtime/client/builtin.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { Actor, ClusterView } from './cluster-view.ts';

/** Gives Services a cluster IP, as long as the fake API server does not. */
export class ClusterIps implements Actor {
  readonly name = 'cluster IPs';
  readonly #view: ClusterView;
  #next = 10;

  constructor(view: ClusterView) {
    this.#view = view;
  }

  async step(): Promise<undefined> {
    for (const service of await this.#view.list(services)) {
      if (service.spec?.clusterIP !== undefined) continue;
      const clusterIP = `10.96.0.${this.#next++}`;
      await this.#view.client.mergePatch(services, keyOf(service), { spec: { clusterIP, clusterIPs: [clusterIP] } });
    }
  }
}
