import { hash } from 'node:crypto';
import type { KubeObject } from '#runtime/client/resource.ts';
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

interface Entry {
  readonly settled: Settled;
  readonly world: string;
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
  recall(uid: string, world: string | undefined, now: Date): Settled | undefined {
    const entry = this.#entries.get(uid);
    return entry !== undefined && entry.world === world && now.getTime() < entry.untilMs ? entry.settled : undefined;
  }

  note(uid: string, world: string, settled: Settled, now: Date): void {
    const dues = settled.renewals.flatMap((at) => (at === undefined ? [] : [at.getTime()]));
    this.#entries.set(uid, { settled, world, untilMs: Math.min(now.getTime() + LONGEST_MS, ...dues) });
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }
}

/**
 * Names what a pass decides on, but for the time and other tenants: every object in the version that the caches have, those of
 * `gathered` and `objects`, and `others`. Undefined where something cannot be told by its version.
 */
export function worldOf(
  gathered: Gathered,
  objects: readonly KubeObject[],
  others: readonly string[],
): string | undefined {
  if (gathered.absentSecrets.size > 0) return undefined;
  const { ingress, route, konnectivityRoute } = gathered.exposure;
  const versions = [
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
    ...objects,
  ].map(versionOf);
  return versions.includes(undefined) ? undefined : hash('sha256', JSON.stringify([versions, others]), 'base64');
}

function versionOf(object: KubeObject | undefined): string | undefined {
  if (object === undefined) return '';
  const { uid, resourceVersion } = object.metadata ?? {};
  return uid === undefined || resourceVersion === undefined ? undefined : `${uid}/${resourceVersion}`;
}
