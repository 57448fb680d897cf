import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { checkApplication, deployApplication } from '#lab/application.ts';
import type { Kubectl } from '#lab/cluster/kubectl.ts';
import { listWorkerContainers } from '#lab/cluster/worker-containers.ts';
import { applyTenant, openTenant, type TenantSpec, waitForControlPlane, waitForNodes } from '#lab/tenant.ts';
import type { Lab } from '#lab/up.ts';
import { type Look, waitFor } from '#lab/wait.ts';
import { beginInvariants, type Invariants } from './invariants.ts';
import { openLab } from '#test/lab/open-lab.ts';
import { added } from '#test/listed-objects.ts';
import { assertAtRest } from './rest.ts';
import { belongsToDataStore, type Inventory, takeInventory } from './leftovers.ts';

const namespace = 'default';
const first = tenantSpec('e2e-kubeadm', 'cluster-template.yaml', 2);
const second = tenantSpec('e2e-bootstrapless', 'cluster-template-bootstrapless.yaml', 1);

suite('the main path, from a Cluster object to pods on machines that joined by themselves', { concurrency: 1 }, () => {
  const { signal } = new AbortController();
  const options = { signal, report: () => undefined };
  let lab: Lab;
  let invariants: Invariants;
  let inventory: Inventory;
  let tenant: Kubectl;

  before(async () => {
    lab = await openLab(signal);
    for (const { name } of [first, second]) await removeCluster(name);
    inventory = await takeInventory(lab, signal);
    invariants = await beginInvariants(lab, signal);
  });

  test('a tenant comes up, its worker machines join, pods on them answer over a Service', async () => {
    tenant = await bringUp(first);
    await deployApplication(tenant, lab.images, first.workers, options);
    await checkApplication(tenant, options);
  });

  test('worker machines follow the MachineDeployment from 2 to 3 to 1', async () => {
    await scale(first.name, 3);
    await waitForNodes(tenant, 3, 300, options);
    await scale(first.name, 1);
    const [node = ''] = await waitForNodes(tenant, 1, 300, options);
    assert.ok((await machineContainers(first.name)).includes(node), 'a machine is a container of the same name');
    await waitFor(
      'containers of the machines that went',
      120,
      async (): Promise<Look<true>> => {
        const left = (await machineContainers(first.name)).filter((name) => name !== node);
        return left.length === 0 ? { value: true } : { missing: `${left.join(', ')} still there` };
      },
      options,
    );
  });

  test('a second tenant, whose machines need no bootstrap provider, comes up beside the first', async () => {
    const other = await bringUp(second);
    await deployApplication(other, lab.images, second.workers, options);
    await checkApplication(other, options);
    // Both are there, and neither sees the nodes of the other.
    const [own, others] = [await nodeNames(tenant), await nodeNames(other)];
    assert.deepEqual(
      own.filter((name) => others.includes(name)),
      [],
    );
  });

  test('at rest nothing is written for two minutes, neither here nor in the tenants', async () => {
    const tenants = await Promise.all([first, second].map((spec) => openTenant(lab, spec, signal)));
    const kubeconfigs = tenants.map(({ kubeconfig }) => kubeconfig);
    await assertAtRest(lab, kubeconfigs, 120, signal);
  });

  test('kubectl logs goes through the konnectivity agents: it fails without them and works again with them', async () => {
    const logs = () => tenant(['logs', '-n', namespace, 'deployment/web', '--tail=1', '--request-timeout=20s']);
    await deployApplication(tenant, lab.images, 1, options);
    await logs();
    await placeAgents({ 'e2e/nowhere': 'true' });
    await waitFor('kubectl logs to fail', 120, async () => looksLike(await fails(logs), 'it still works'), options);
    await placeAgents({ 'e2e/nowhere': null });
    await waitFor('kubectl logs to work', 120, async () => looksLike(!(await fails(logs)), 'it still fails'), options);
  });

  test('deleting both tenants leaves no object, etcd key, etcd user or container behind', async () => {
    await invariants.checkContainers();
    const present = await takeInventory(lab, signal);
    // What is not seen while it is there would not be missed afterwards either.
    assert.equal(tenantsIn(present.etcd.users, inventory.etcd.users).length, 2);
    assert.equal(tenantsIn(prefixes(present.etcd.keys), prefixes(inventory.etcd.keys)).length, 2);
    assert.equal(added(inventory.containers, present.containers).length, 2);
    await Promise.all([removeCluster(first.name), removeCluster(second.name)]);
    await waitFor(
      'nothing left behind',
      120,
      async (): Promise<Look<true>> => {
        const now = await takeInventory(lab, signal);
        const left = [
          ...added(inventory.objects, now.objects).filter((line) => !belongsToDataStore(line)),
          ...added(inventory.containers, now.containers),
          ...tenantsIn(prefixes(now.etcd.keys), prefixes(inventory.etcd.keys)),
          ...tenantsIn(now.etcd.users, inventory.etcd.users),
          ...tenantsIn(now.etcd.roles, inventory.etcd.roles),
        ];
        return left.length === 0 ? { value: true } : { missing: left.join(', ') };
      },
      options,
    );
  });

  test('nothing else went wrong meanwhile', () => invariants.check());

  async function bringUp(spec: TenantSpec): Promise<Kubectl> {
    await applyTenant(lab, spec);
    await waitForControlPlane(lab, spec, 300, options);
    const { kubectl } = await openTenant(lab, spec, signal);
    await waitForNodes(kubectl, spec.workers, 300, options);
    return kubectl;
  }

  async function scale(cluster: string, replicas: number): Promise<void> {
    const target = ['machinedeployment', `${cluster}-md-0`, '-n', namespace];
    await lab.kubectl(['scale', ...target, '--replicas', String(replicas)]);
  }

  /** Deletes the Cluster and what its template made beside it, and waits until they are gone. */
  async function removeCluster(cluster: string): Promise<void> {
    const gone = ['-n', namespace, '--ignore-not-found', '--wait', '--timeout=300s'];
    await lab.kubectl(['delete', 'cluster', cluster, ...gone]);
    // Templates that a user applied belong to nobody and stay until the user takes them.
    for (const kind of ['devmachinetemplate', 'kubeadmconfigtemplate']) {
      await lab.kubectl(['delete', kind, `${cluster}-md-0`, ...gone]);
    }
  }

  async function machineContainers(cluster: string): Promise<readonly string[]> {
    const workers = await listWorkerContainers(lab.engine.docker);
    return workers.flatMap((worker) => (worker.cluster === cluster ? [worker.name] : []));
  }

  async function nodeNames(kubectl: Kubectl): Promise<readonly string[]> {
    return (await kubectl(['get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ');
  }

  /** Steers the agents by a field of their DaemonSet that the provider does not own. */
  async function placeAgents(nodeSelector: Readonly<Record<string, string | null>>): Promise<void> {
    const patch = JSON.stringify({ spec: { template: { spec: { nodeSelector } } } });
    await tenant(['patch', 'daemonset', 'konnectivity-agent', '-n', 'kube-system', '--type=merge', '-p', patch]);
  }
});

function tenantSpec(name: string, template: string, workers: number): TenantSpec {
  return { name, namespace, template, controlPlaneReplicas: 1, workers };
}

function looksLike(value: boolean, otherwise: string): Look<true> {
  return value ? { value: true } : { missing: otherwise };
}

async function fails(work: () => Promise<unknown>): Promise<boolean> {
  return work().then(
    () => false,
    () => true,
  );
}

/** First parts of the keys: one for each tenant. Other tenants that live on write under theirs meanwhile. */
function prefixes(keys: readonly string[]): readonly string[] {
  return [...new Set(keys.map((key) => key.split('/').slice(0, 2).join('/')))];
}

/** What is new since then, apart from what the store keeps about itself. */
function tenantsIn(now: readonly string[], before: readonly string[]): readonly string[] {
  return added(before, now).filter((name) => name !== 'root' && !name.startsWith('kamaji.clastix.io/'));
}
