import { tenantControlPlanes } from '#api/kinds.ts';
import { deployments } from '#runtime/client/builtin.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import type { Stage } from '../stage.ts';
import type { Scenario } from './scenario.ts';

const tenant = { namespace: 'tenants', name: 'demo' };

/** A bare TenantControlPlane on a store that was there before: made, changed in many ways, deleted. */
export const tenantOnGivenStore: Scenario = {
  name: 'tenant-on-given-store',
  async play(stage) {
    await stage.namespace(tenant.namespace);
    await stage.givenStore('given');
    await stage.tenant(tenant, { dataStore: 'given' });
    await stage.ready(tenantControlPlanes, tenant);
    await stage.checkpoint('made');
    await stage.patch(tenantControlPlanes, tenant, {
      spec: {
        kubernetes: { version: 'v1.35.4' },
        networkProfile: { certSANs: ['demo.example'] },
        controlPlane: { deployment: { replicas: 3, extraArgs: { apiServer: ['--v=2'] } } },
      },
    });
    await rolledOut(stage, tenant, 'v1.35.4', 3);
    await stage.ready(tenantControlPlanes, tenant);
    await stage.checkpoint('changed');
    await stage.remove(tenantControlPlanes, tenant);
    await stage.checkpoint('deleted');
  },
};

/** The shortest life: for sweeps that must not take long. */
export const briefTenant: Scenario = {
  name: 'brief-tenant',
  async play(stage) {
    await stage.namespace(tenant.namespace);
    await stage.givenStore('given');
    await stage.tenant(tenant, { dataStore: 'given', addons: { konnectivity: { enabled: false } } });
    await stage.ready(tenantControlPlanes, tenant);
    await stage.checkpoint('made');
    await stage.remove(tenantControlPlanes, tenant);
    await stage.checkpoint('deleted');
  },
};

/** Names that become the same when they are put together carelessly; both on one store. */
export const twoTenants: Scenario = {
  name: 'two-tenants',
  async play(stage) {
    const one = { namespace: 'team-a', name: 'b-c' };
    const other = { namespace: 'team', name: 'a-b-c' };
    await stage.givenStore('shared');
    for (const key of [one, other]) {
      await stage.namespace(key.namespace);
      await stage.tenant(key, { dataStore: 'shared', controlPlane: { service: { serviceType: 'ClusterIP' } } });
    }
    for (const key of [one, other]) await stage.ready(tenantControlPlanes, key);
    await stage.checkpoint('made');
    await stage.remove(tenantControlPlanes, one);
    await stage.checkpoint('one deleted');
    await stage.ready(tenantControlPlanes, other);
    await stage.remove(tenantControlPlanes, other);
    await stage.checkpoint('both deleted');
  },
};

/** Deleted as soon as it has begun to use its store. */
export const deletedInMidCreation: Scenario = {
  name: 'deleted-in-mid-creation',
  async play(stage) {
    await stage.namespace(tenant.namespace);
    await stage.givenStore('given');
    await stage.tenant(tenant, { dataStore: 'given' });
    await stage.until('it has its place in the store', async () => {
      const found = await stage.client.get(tenantControlPlanes, tenant);
      return found?.spec.dataStoreSchema !== undefined;
    });
    await stage.remove(tenantControlPlanes, tenant);
    await stage.checkpoint('deleted');
  },
};

/** Waits until every pod is of that version. */
export async function rolledOut(stage: Stage, key: ObjectKey, version: string, replicas: number): Promise<void> {
  await stage.until(`${replicas} pods of ${key.name} run ${version}`, async () => {
    const deployment = await stage.client.get(deployments, key);
    const { containers = [] } = deployment?.spec?.template.spec ?? {};
    const {
      observedGeneration = 0,
      updatedReplicas = 0,
      readyReplicas = 0,
      replicas: all = 0,
    } = deployment?.status ?? {};
    return (
      containers.some(({ image = '' }) => image.endsWith(`:${version}`)) &&
      observedGeneration === deployment?.metadata?.generation &&
      [updatedReplicas, readyReplicas, all].every((count) => count === replicas)
    );
  });
}
