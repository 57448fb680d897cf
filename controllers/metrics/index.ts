import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import { labels, PROJECT } from '#api/labels.ts';
import type { UsageBook } from '#datastore/usage-book.ts';
import type { Cache } from '#runtime/cache/informer.ts';
import { secrets } from '#runtime/client/builtin.ts';
import type { Clock } from '#runtime/clock.ts';
import type { SampledGauge } from '#runtime/telemetry/sampled-gauge.ts';
import { certificateGauges } from './certificates.ts';
import { dataStoreGauges, usageGauges } from './data-stores.ts';
import { tenantGauges } from './tenant-control-planes.ts';

export interface KamajiGaugesOptions {
  readonly cache: Cache;
  readonly clock: Pick<Clock, 'now'>;
  /** Certificates are renewed when less than this is left. */
  readonly renewBeforeMs: number;
  /** What tenants were last found to use of their DataStores. */
  readonly usage: UsageBook;
  /** Of this program. */
  readonly version: string;
  /** Whether to show the state of the cluster: one replica may, else every sum over them would be too high. */
  readonly shows: () => boolean;
}

/**
 * Upstream's `kamaji_*` gauges, under its names and labels, and ours of usage, read from the caches at every scrape. Declares the informers
 * that other controllers have already: call before the cache starts.
 */
export function kamajiGauges(options: KamajiGaugesOptions): readonly SampledGauge[] {
  const { cache, clock, renewBeforeMs, version } = options;
  const tenants = cache.informer(tenantControlPlanes);
  const stores = cache.informer(dataStores);
  const ours = cache.informer(secrets, { labelSelector: `${labels.project}=${PROJECT}` });
  const generated = cache.informer(secrets, { labelSelector: labels.managedBy });
  const state = [
    ...tenantGauges(() => tenants.list()),
    ...dataStoreGauges(() => stores.list()),
    ...usageGauges(options.usage),
    ...certificateGauges({
      tenants: () => tenants.list(),
      secrets: () => [...ours.list(), ...generated.list()],
      now: () => clock.now(),
      renewBeforeMs,
    }),
  ];
  return [
    buildInfo(version),
    ...state.map((gauge) => ({ ...gauge, samples: () => (options.shows() ? gauge.samples() : []) })),
  ];
}

function buildInfo(version: string): SampledGauge {
  // Upstream's label names; what a bundle does not know of itself is empty.
  const labels = { version, commit: '', dirty: '', repo: '', build_time: '' };
  return {
    name: 'kamaji_build_info',
    help: 'What this program is; always 1',
    labelNames: Object.keys(labels),
    samples: () => [{ labels, value: 1 }],
  };
}
