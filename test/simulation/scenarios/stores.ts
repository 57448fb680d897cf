import { dataStores, tenantControlPlanes } from '#api/kinds.ts';
import { statefulSets } from '#runtime/client/builtin.ts';
import type { Scenario } from './scenario.ts';

const tenant = { namespace: 'tenants', name: 'demo' };

/** A tenant that names no DataStore gets one that is made for it, whose certificates are renewed in time. */
export const tenantOnManagedStore: Scenario = {
  name: 'tenant-on-managed-store',
  async play(stage) {
    await stage.namespace(tenant.namespace);
    await stage.tenant(tenant, { controlPlane: { service: { serviceType: 'ClusterIP' } } });
    await stage.ready(tenantControlPlanes, tenant);
    await stage.checkpoint('made');
    stage.simulation.skip(340 * 24 * 3_600_000);
    await stage.checkpoint('a year later');
    await stage.remove(tenantControlPlanes, tenant);
    await stage.checkpoint('tenant deleted');
    await stage.remove(dataStores, { name: 'default' });
    await stage.checkpoint('store deleted');
  },
};

/** A managed store of three members, paused and changed, without any tenant. */
export const storeOfThree: Scenario = {
  name: 'store-of-three',
  isPausing: true,
  async play(stage) {
    const key = { name: 'three' };
    await stage.client.create(dataStores, {
      apiVersion: 'kamaji.clastix.io/v1alpha1',
      kind: 'DataStore',
      metadata: key,
      spec: { driver: 'etcd', managed: { replicas: 3 } },
    });
    await stage.condition(dataStores, key, 'Ready', 'True');
    await stage.checkpoint('made');
    await stage.patch(dataStores, key, { metadata: { annotations: { 'kamaji.clastix.io/paused': '' } } });
    await stage.condition(dataStores, key, 'Paused', 'True');
    await stage.patch(dataStores, key, { spec: { managed: { resources: { requests: { cpu: '200m' } } } } });
    await stage.checkpoint('paused');
    await stage.patch(dataStores, key, { metadata: { annotations: { 'kamaji.clastix.io/paused': null } } });
    await stage.until('the members are as wanted', async () => {
      const set = await stage.client.get(statefulSets, { namespace: 'kamaji-system', name: 'three-etcd' });
      const [etcd] = set?.spec?.template.spec?.containers ?? [];
      return etcd?.resources?.requests?.['cpu'] === '200m' && set?.status?.readyReplicas === 3;
    });
    await stage.checkpoint('changed');
    await stage.remove(dataStores, key);
    await stage.checkpoint('deleted');
  },
};

/** A DataStore outlives its deletion as long as somebody is on it. */
export const storeDeletedInUse: Scenario = {
  name: 'store-deleted-in-use',
  async play(stage) {
    await stage.namespace(tenant.namespace);
    await stage.tenant(tenant, { controlPlane: { service: { serviceType: 'ClusterIP' } } });
    await stage.ready(tenantControlPlanes, tenant);
    await stage.client.delete(dataStores, { name: 'default' });
    await stage.checkpoint('store is to go');
    await stage.remove(tenantControlPlanes, tenant);
    await stage.gone(dataStores, { name: 'default' });
    await stage.checkpoint('both deleted');
  },
};
