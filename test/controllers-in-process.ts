import { createLogger } from 'winston';
import { setupControllers } from '#controllers/index.ts';
import { openDriver } from '#datastore/open-driver.ts';
import { DataStorePool } from '#datastore/pool.ts';
import { createCache } from '#runtime/cache/cache.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import { createTransport } from '#runtime/client/transport.ts';
import { systemClock as clock } from '#runtime/clock.ts';
import { createController } from '#runtime/controller/controller.ts';
import { createEventRecorder } from '#runtime/telemetry/events.ts';
import type { TenantPool } from '#tenant/pool.ts';
import { createTenantPool } from '#tenant/pool.ts';
import type { ControlPlane } from './control-plane.ts';

export interface ControllersOptions {
  /** Where the provider is installed; its ServiceAccount's rights are the controllers'. */
  readonly namespace: string;
  /** Where a tenant's API server really is: no Service of a cluster without nodes leads anywhere. */
  readonly route: (server: string) => string | undefined;
}

/** Every controller of the manager, in this process; resolves when the caches have synced. */
export async function startControllers(
  management: ControlPlane,
  { namespace, route }: ControllersOptions,
): Promise<{ stop(): Promise<void> }> {
  const user = `system:serviceaccount:${namespace}:kamaji-controller-manager`;
  const { certificatePem: cert, privateKeyPem: key } = await management.identity(user);
  const tls = { ca: management.caCertificatePem, cert, key };
  const transport = createTransport({ server: management.server, tls, connections: 16 });
  const client = createClient(transport);
  const log = createLogger({ silent: true });
  const cache = createCache({ transport, clock, random: Math.random, log });
  const events = createEventRecorder({ client, clock, log, controller: 'kamaji.clastix.io/manager', instance: 'test' });
  const tenants = createTenantPool({ clock, userAgent: 'test' });
  const tenantPool: TenantPool = {
    ...tenants,
    client: (access) => tenants.client({ ...access, server: route(access.server) ?? access.server }),
  };
  const dataStorePool = new DataStorePool({ reader: client, managerNamespace: namespace, clock, open: openDriver });
  const controllers = setupControllers({
    cache,
    clock,
    random: Math.random,
    events,
    dataStorePool,
    tenantPool,
    managerNamespace: namespace,
    managementAddresses: ['192.0.2.254'],
    settings: {
      managedDataStore: false,
      konnectivityDefault: true,
      kineImage: 'kine:test',
      maxConcurrentTenantControlPlanes: 10,
      maxConcurrentKamajiControlPlanes: 10,
      renewBeforeMs: 30 * 24 * 3_600_000,
      bootstrapTokenTtlMs: 2 * 3_600_000,
      bootstrapTokenMinimumMs: 3_600_000,
      skipInfraClusterPatch: false,
    },
  });
  const ending = new AbortController();
  const running = [
    cache.start(ending.signal),
    ...controllers.map((options) => createController(options, { client, cache, clock, log }).start(ending.signal)),
  ];
  await cache.waitForSync(AbortSignal.timeout(60_000));
  return {
    async stop() {
      ending.abort(new Error('test over'));
      await Promise.all(running);
      await events.close(AbortSignal.timeout(5_000));
      await tenants.close();
      dataStorePool.close();
      await transport.close();
    },
  };
}
