import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import { createCache } from '#runtime/cache/cache.ts';
import type { Informer } from '#runtime/cache/informer.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { systemClock } from '#runtime/clock.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import { inParallel } from '../in-parallel.ts';
import { openTransport, silence } from '../measurements/access.ts';
import { accessTo } from '../populate.ts';
import { STORE, tenantNamespaces } from '#test/simulated-fleet/management-cluster.ts';

/** The tenants of a management cluster, made, looked at and deleted as a platform would. */
export interface Fleet extends AsyncDisposable {
  /** Creates those whose numbers are from `from` up to and without `to`, 16 at a time. A number may not be used twice. */
  create(from: number, to: number): Promise<void>;
  /** Changes the label of each. */
  label(count: number, value: string): Promise<void>;
  /** Deletes those from `from` up to and without `to`. */
  remove(from: number, to: number): Promise<void>;
  /** Waits until so many are there, each Ready in its newest generation; answers the seconds that it took. */
  ready(count: number): Promise<number>;
}

const limitSeconds = 1_800;

export async function observeFleet(controlPlane: ControlPlane, port: number, signal: AbortSignal): Promise<Fleet> {
  const { client } = controlPlane;
  const transport = openTransport(accessTo(controlPlane), 4);
  const cache = createCache({ transport, clock: systemClock, random: Math.random, log: silence() });
  const tenants = cache.informer(tenantControlPlanes);
  const ending = new AbortController();
  const running = cache.start(ending.signal);
  await cache.waitForSync(signal);

  return {
    create: (from, to) =>
      inParallel(to - from, (n) => client.create(tenantControlPlanes, tenant(from + n, port), { signal })),
    label: (count, value) =>
      inParallel(count, (n) =>
        client.mergePatch(tenantControlPlanes, keyOf(n), { metadata: { labels: { bench: value } } }, { signal }),
      ),
    remove: (from, to) => inParallel(to - from, (n) => client.delete(tenantControlPlanes, keyOf(from + n), { signal })),
    ready: (count) => until(tenants, count, signal),
    async [Symbol.asyncDispose]() {
      ending.abort();
      await running;
      await transport.close();
    },
  };
}

async function until(tenants: Informer<TenantControlPlane>, count: number, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  for (;;) {
    const seconds = (performance.now() - started) / 1000;
    const found = tenants.list();
    const ready = found.filter(isReady).length;
    if (found.length === count && ready === count) return seconds;
    if (seconds > limitSeconds)
      throw new Error(`${ready} of ${found.length} tenants Ready after ${limitSeconds} s, ${count} wanted`);
    await sleep(100, undefined, { signal });
  }
}

function isReady({ metadata, status }: TenantControlPlane): boolean {
  const ready = findCondition(status?.conditions, 'Ready');
  return ready?.status === 'True' && ready.observedGeneration === metadata.generation;
}

function keyOf(n: number): { readonly namespace: string; readonly name: string } {
  return { namespace: tenantNamespaces[n % tenantNamespaces.length] ?? '', name: `tenant-${n}` };
}

function tenant(n: number, port: number): TenantControlPlane {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: keyOf(n),
    spec: {
      dataStore: STORE,
      controlPlane: { deployment: { replicas: 2 }, service: { serviceType: 'ClusterIP' } },
      kubernetes: { version: 'v1.35.4', kubelet: {} },
      networkProfile: { port },
      addons: { coreDNS: {}, kubeProxy: {}, konnectivity: {} },
    },
  };
}
