import { tenantControlPlanes } from '#api/kinds.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { annotations } from '#api/labels.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import {
  clusterRoleBindings,
  configMaps,
  daemonSets,
  deployments,
  networkPolicies,
  podDisruptionBudgets,
  secrets,
  services,
} from '#runtime/client/builtin.ts';
import type { Stage, TenantParts } from '../stage.ts';
import { rolledOut } from './tenant.ts';
import type { Scenario } from './scenario.ts';

const tenant = { namespace: 'tenants', name: 'demo' };
const names = namesOfControlPlane(tenant.name);
const DAY_MS = 24 * 3_600_000;

async function made(stage: Stage, parts: TenantParts = {}): Promise<void> {
  await stage.namespace(tenant.namespace);
  await stage.givenStore('given');
  await stage.tenant(tenant, { dataStore: 'given', ...parts });
  await stage.ready(tenantControlPlanes, tenant);
  await stage.checkpoint('made');
}

async function deleted(stage: Stage): Promise<void> {
  await stage.remove(tenantControlPlanes, tenant);
  await stage.checkpoint('deleted');
}

function present(stage: Stage): Promise<TenantControlPlane | undefined> {
  return stage.client.get(tenantControlPlanes, tenant);
}

/** Nothing happens to a paused control plane, whatever is asked of it. */
export const pausedTenant: Scenario = {
  name: 'paused-tenant',
  isPausing: true,
  async play(stage) {
    await made(stage);
    const pause = (value: string | null) => ({ metadata: { annotations: { [annotations.paused]: value } } });
    await stage.patch(tenantControlPlanes, tenant, pause(''));
    await stage.condition(tenantControlPlanes, tenant, 'Paused', 'True');
    await stage.patch(tenantControlPlanes, tenant, { spec: { controlPlane: { deployment: { replicas: 1 } } } });
    await stage.client.delete(podDisruptionBudgets, { ...tenant, name: names.podDisruptionBudget });
    await stage.checkpoint('paused');
    await stage.patch(tenantControlPlanes, tenant, pause(null));
    await rolledOut(stage, tenant, 'v1.34.2', 1);
    await stage.checkpoint('goes on');
    await deleted(stage);
  },
};

/** Put to sleep and woken. */
export const sleepingTenant: Scenario = {
  name: 'sleeping-tenant',
  async play(stage) {
    await made(stage, { controlPlane: { service: { serviceType: 'ClusterIP' } } });
    await stage.patch(tenantControlPlanes, tenant, { spec: { controlPlane: { deployment: { replicas: 0 } } } });
    await stage.condition(tenantControlPlanes, tenant, 'Ready', 'Asleep');
    await stage.checkpoint('asleep');
    await stage.patch(tenantControlPlanes, tenant, { spec: { controlPlane: { deployment: { replicas: 2 } } } });
    await rolledOut(stage, tenant, 'v1.34.2', 2);
    await stage.ready(tenantControlPlanes, tenant);
    await stage.checkpoint('awake');
    await deleted(stage);
  },
};

/** The tunnel and the addons switched off and on. */
export const switchedAddons: Scenario = {
  name: 'switched-addons',
  async play(stage) {
    await made(stage);
    const patch = { spec: { addons: { konnectivity: { enabled: false }, coreDNS: null } } };
    await stage.patch(tenantControlPlanes, tenant, patch);
    await stage.until('they are off', async () => {
      const addons = (await present(stage))?.status?.addons;
      return addons?.konnectivity?.enabled === false && addons.coreDNS?.enabled === false;
    });
    await stage.checkpoint('off');
    await stage.patch(tenantControlPlanes, tenant, {
      spec: { addons: { konnectivity: { enabled: true }, coreDNS: {} } },
    });
    await stage.until('they are on', async () => {
      const addons = (await present(stage))?.status?.addons;
      return addons?.konnectivity?.enabled === true && addons.coreDNS?.enabled === true;
    });
    await stage.ready(tenantControlPlanes, tenant);
    await stage.checkpoint('on');
    await deleted(stage);
  },
};

/** Certificates made anew because somebody asks for it, all of them at last. */
export const rotation: Scenario = {
  name: 'rotation',
  async play(stage) {
    await made(stage);
    const rotate = async (secret: string): Promise<void> => {
      const key = { ...tenant, name: secret };
      await stage.patch(secrets, key, { metadata: { annotations: { [annotations.rotate]: '' } } });
      await stage.until(`${secret} has new content`, async () => {
        const found = await stage.client.get(secrets, key);
        return (found?.metadata?.annotations?.[annotations.rotate] ?? '') !== '';
      });
    };
    await rotate(names.apiServerCertificate);
    await rotate(names.adminKubeconfig);
    await stage.checkpoint('some rotated');
    await rotate(names.serviceAccount);
    await rotate(names.frontProxyCa);
    await rotate(names.ca);
    await stage.ready(tenantControlPlanes, tenant);
    await stage.checkpoint('all rotated');
    await deleted(stage);
  },
};

/** A year, and then ten, go by. */
export const renewal: Scenario = {
  name: 'renewal',
  async play(stage) {
    await made(stage);
    stage.simulation.skip(340 * DAY_MS);
    await stage.checkpoint('a year later');
    stage.simulation.skip(9 * 365 * DAY_MS);
    await stage.checkpoint('ten years later');
    await deleted(stage);
  },
};

/** People change and delete what is not theirs, in the management cluster and inside the tenant. */
export const editedByPeople: Scenario = {
  name: 'edited-by-people',
  async play(stage) {
    await made(stage);
    const own = (name: string) => ({ ...tenant, name });
    await stage.client.delete(services, own(names.service));
    await stage.client.delete(networkPolicies, own(names.networkPolicy));
    await stage.client.delete(secrets, own(names.apiServerKubeletClient));
    await stage.patch(deployments, tenant, {
      spec: { replicas: 5 },
      metadata: { labels: { 'kamaji.clastix.io/name': 'x' } },
    });
    await stage.patch(secrets, own(names.schedulerKubeconfig), { data: { 'scheduler.conf': 'eA==' } });
    await stage.checkpoint('healed');
    const inside = await stage.inside(tenant);
    const system = (name: string) => ({ namespace: 'kube-system', name });
    await inside.delete(deployments, system('coredns'));
    await inside.delete(configMaps, system('kubeadm-config'));
    await inside.delete(clusterRoleBindings, { name: 'kubeadm:get-nodes' });
    await inside.mergePatch(daemonSets, system('kube-proxy'), { spec: { template: { spec: { nodeName: 'one' } } } });
    await stage.checkpoint('healed inside');
    await deleted(stage);
  },
};
