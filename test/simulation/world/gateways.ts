import { gateways, tlsRoutes } from '#api/kinds.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { Actor, ClusterView } from './cluster-view.ts';

/** An implementation of the Gateway API, where that is installed: accepts every route of a Gateway that exists. */
export class GatewayController implements Actor {
  readonly name = 'gateways';
  readonly #view: ClusterView;

  constructor(view: ClusterView) {
    this.#view = view;
  }

  async step(): Promise<undefined> {
    try {
      await this.#acceptRoutes();
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isNotFound) throw error;
    }
  }

  async #acceptRoutes(): Promise<void> {
    for (const route of await this.#view.list(tlsRoutes)) {
      const parents = [];
      for (const parentRef of route.spec.parentRefs) {
        const namespace = parentRef.namespace ?? route.metadata.namespace ?? '';
        if ((await this.#view.find(gateways, namespace, parentRef.name)) === undefined) continue;
        const accepted = { type: 'Accepted', status: 'True', reason: 'Accepted', message: '' };
        const conditions = [{ ...accepted, lastTransitionTime: '2026-01-01T00:00:00Z' }];
        parents.push({ parentRef, controllerName: 'simulation', conditions });
      }
      await this.#view.status(tlsRoutes, route, { parents });
    }
  }
}
