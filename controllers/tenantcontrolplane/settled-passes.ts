import type { Gathered } from './gather.ts';
import type { Endpoint } from './phases/endpoint.ts';

/** What is left to do with for a pass that would find everything outside of the tenant as the last one did. */
export interface Settled {
  readonly endpoint: Endpoint;
  /** Every certificate that nodes are to trust, in PEM. */
  readonly caCertificatesPem: string;
  /** When certificates are due. */
  readonly renewals: readonly (Date | undefined)[];
}

/** Everything that a pass decides on, but for the time and other tenants; the same world is the same things in the same order. */
export type World = readonly unknown[];

interface Entry {
  readonly settled: Settled;
  readonly world: World;
  /** In milliseconds since the epoch. */
  readonly untilMs: number;
}

/** However little happens, everything is gone through this often. */
const LONGEST_MS = 30 * 60_000;

/**
 * The control planes with which everything was in order, and the worlds in which that was so: as long as nothing in its world has
 * changed and nothing is due, a pass over one of them needs to look into the tenant only.
 */
export class SettledPasses {
  readonly #entries = new Map<string, Entry>();

  /** By the UID of the control plane. */
  recall(uid: string, world: World | undefined, now: Date): Settled | undefined {
    const entry = this.#entries.get(uid);
    if (entry === undefined || world === undefined || now.getTime() >= entry.untilMs) return undefined;
    const isSame = entry.world.length === world.length && entry.world.every((thing, index) => thing === world[index]);
    return isSame ? entry.settled : undefined;
  }

  note(uid: string, world: World, settled: Settled, now: Date): void {
    const dues = settled.renewals.flatMap((at) => (at === undefined ? [] : [at.getTime()]));
    this.#entries.set(uid, { settled, world, untilMs: Math.min(now.getTime() + LONGEST_MS, ...dues) });
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }
}

/** Every object of `gathered`, and `others`. Caches hand out the same object until it changes, and another one then. */
export function worldOf(gathered: Gathered, others: World): World {
  const { ingress, route, konnectivityRoute } = gathered.exposure;
  return [
    gathered.tenantControlPlane,
    gathered.managerCertificate,
    gathered.service,
    gathered.deployment,
    gathered.podDisruptionBudget,
    gathered.networkPolicy,
    ingress,
    route,
    konnectivityRoute,
    ...gathered.secrets.values(),
    ...gathered.configMaps.values(),
    ...gathered.pods,
    ...others,
  ];
}
