import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import type { Reader } from '#runtime/client/client.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { Clock } from '#runtime/clock.ts';
import { FIELD_MANAGER, ownsField } from './field-manager.ts';

/** For how long it is told after the last time, in milliseconds: autoscalers try again after 15 s, and pause for minutes. */
export const CONTESTED_MS = 5 * 60_000;

/**
 * Notices who else decides the number of pods of TenantControlPlanes that belong to KamajiControlPlanes. It looks at who has
 * written the field, not at HorizontalPodAutoscalers: that needs no further rights and finds every kind of writer.
 */
export class ContestedReplicas {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** By UID of the TenantControlPlane, the last one and when; only of the last few minutes. */
  readonly #writers = new Map<string, { readonly name: string; readonly at: number }>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /**
   * Looks at one that is about to be made what is desired. Asks the API server only where the numbers differ, as caches do not
   * keep who wrote what.
   */
  async look(
    live: TenantControlPlane,
    desired: TenantControlPlane,
    client: Pick<Reader, 'get'>,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = replicasOf(desired);
    if (wanted === undefined || replicasOf(live) === wanted) return;
    const current = await client.get(tenantControlPlanes, keyOf(live), { signal });
    if (current === undefined || replicasOf(current) === wanted) return;
    const name = otherWriter(current);
    if (name !== undefined) this.#writers.set(current.metadata.uid ?? '', { name, at: this.#clock.monotonic() });
  }

  /** Who has lately been overruled, and for how long that is still to be told. */
  of({ metadata }: TenantControlPlane): { readonly name: string; readonly forMs: number } | undefined {
    const now = this.#clock.monotonic();
    for (const [uid, { at }] of this.#writers) if (now - at >= CONTESTED_MS) this.#writers.delete(uid);
    const writer = this.#writers.get(metadata.uid ?? '');
    return writer === undefined ? undefined : { name: writer.name, forMs: CONTESTED_MS - (now - writer.at) };
  }
}

function replicasOf({ spec }: TenantControlPlane): number | undefined {
  return spec.controlPlane.deployment?.replicas;
}

const REPLICAS = ['f:spec', 'f:controlPlane', 'f:deployment', 'f:replicas'];

/**
 * The field manager whose number stands where ours has stood: whoever writes another one takes the field from us, while a
 * change of our own wish leaves it to us.
 */
function otherWriter({ metadata }: KubeObject): string | undefined {
  const entries = metadata?.managedFields ?? [];
  const ours = entries.filter(({ manager }) => manager === FIELD_MANAGER);
  if (ours.length === 0 || ours.some(({ fieldsV1 }) => ownsField(fieldsV1, REPLICAS))) return undefined;
  return entries.find(({ fieldsV1 }) => ownsField(fieldsV1, REPLICAS))?.manager;
}
