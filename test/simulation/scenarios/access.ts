import { gateways, kubeconfigGenerators, tenantControlPlanes, tlsRoutes } from '#api/kinds.ts';
import { labels } from '#api/labels.ts';
import { customResourceDefinitions, ingresses, secrets } from '#runtime/client/builtin.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import { definitionOf } from '../world/definition.ts';
import type { Scenario } from './scenario.ts';

const tenant = { namespace: 'tenants', name: 'demo' };

/** A control plane behind an Ingress, then behind a Gateway of a Gateway API that came later than the manager. */
export const exposedTenant: Scenario = {
  name: 'exposed-tenant',
  async play(stage) {
    await stage.namespace(tenant.namespace);
    await stage.givenStore('given');
    const hostname = 'demo.example';
    await stage.tenant(tenant, {
      dataStore: 'given',
      controlPlane: { service: { serviceType: 'ClusterIP' }, ingress: { hostname } },
    });
    await stage.ready(tenantControlPlanes, tenant);
    await stage.checkpoint('by ingress');
    for (const kind of [gateways, tlsRoutes]) {
      await stage.client.create(customResourceDefinitions, JSON.parse(JSON.stringify(definitionOf(kind))));
    }
    await stage.client.create(gateways, {
      apiVersion: apiVersionOf(gateways),
      kind: gateways.kind,
      metadata: { namespace: tenant.namespace, name: 'edge' },
      spec: { listeners: [{ name: 'api', port: 6443, protocol: 'TLS' }] },
    });
    await stage.patch(tenantControlPlanes, tenant, {
      spec: {
        controlPlane: { ingress: null, gateway: { hostname, parentRefs: [{ name: 'edge', sectionName: 'api' }] } },
      },
    });
    await stage.until('the route is there and the Ingress is not', async () => {
      const route = await stage.client.get(tlsRoutes, tenant);
      return route !== undefined && (await stage.client.get(ingresses, tenant)) === undefined;
    });
    await stage.ready(tenantControlPlanes, tenant);
    await stage.checkpoint('by gateway');
    await stage.patch(tenantControlPlanes, tenant, { spec: { controlPlane: { gateway: null } } });
    await stage.until('the route is gone', async () => (await stage.client.get(tlsRoutes, tenant)) === undefined);
    await stage.ready(tenantControlPlanes, tenant);
    await stage.checkpoint('by its Service');
    await stage.remove(tenantControlPlanes, tenant);
    await stage.checkpoint('deleted');
  },
};

/** Kubeconfigs for a user of every tenant. */
export const generatedKubeconfigs: Scenario = {
  name: 'generated-kubeconfigs',
  async play(stage) {
    const generator = { name: 'auditors' };
    await stage.namespace(tenant.namespace);
    await stage.givenStore('given');
    await stage.client.create(kubeconfigGenerators, {
      apiVersion: apiVersionOf(kubeconfigGenerators),
      kind: kubeconfigGenerators.kind,
      metadata: generator,
      spec: { user: { stringValue: 'auditor' }, groups: [{ fromDefinition: 'metadata.name' }] },
    });
    await stage.tenant(tenant, { dataStore: 'given', controlPlane: { service: { serviceType: 'ClusterIP' } } });
    await stage.ready(tenantControlPlanes, tenant);
    const count = async (): Promise<number> =>
      (await stage.client.list(secrets, { labelSelector: labels.managedBy })).items.length;
    await stage.until('the tenant has a kubeconfig for the user', async () => (await count()) === 1);
    await stage.checkpoint('made');
    await stage.patch(kubeconfigGenerators, generator, { spec: { user: { stringValue: 'inspector' } } });
    await stage.checkpoint('changed');
    await stage.remove(kubeconfigGenerators, generator);
    await stage.until('nobody has one any more', async () => (await count()) === 0);
    await stage.checkpoint('without');
    await stage.remove(tenantControlPlanes, tenant);
    await stage.checkpoint('deleted');
  },
};
