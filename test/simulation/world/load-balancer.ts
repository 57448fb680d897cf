import { createHash } from 'node:crypto';
import type { Service } from '#runtime/client/builtin.ts';
import { services } from '#runtime/client/builtin.ts';
import type { Clock } from '#runtime/clock.ts';
import type { Actor, ClusterView } from './cluster-view.ts';
import { Since, soonest } from './cluster-view.ts';

const ALLOCATION_MS = 1_000;

/** Gives Services of type LoadBalancer an address, after a while; always the same one for the same name. */
export class LoadBalancer implements Actor {
  readonly name = 'load balancer';
  readonly #view: ClusterView;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #since = new Since();

  constructor(view: ClusterView, clock: Pick<Clock, 'now'>) {
    this.#view = view;
    this.#clock = clock;
  }

  async step(): Promise<number | undefined> {
    const waits: (number | undefined)[] = [];
    for (const service of await this.#view.list(services)) waits.push(await this.#serve(service));
    return soonest(waits);
  }

  async #serve(service: Service): Promise<number | undefined> {
    const has = service.status?.loadBalancer?.ingress?.length ?? 0;
    if (service.spec?.type !== 'LoadBalancer') {
      if (has > 0) await this.#view.status(services, service, { loadBalancer: {} });
      return undefined;
    }
    if (has > 0) return undefined;
    const left = ALLOCATION_MS - this.#since.elapsed(service, this.#clock.now());
    if (left > 0) return left;
    await this.#view.status(services, service, { loadBalancer: { ingress: [{ ip: addressFor(service) }] } });
    return undefined;
  }
}

function addressFor({ metadata }: Service): string {
  const [byte = 0] = createHash('sha256')
    .update(`${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`)
    .digest();
  return `203.0.113.${byte}`;
}
