import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { clusters, kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import type { RunningTenant } from '#controllers/tenantcontrolplane/running-tenant.fake.ts';
import { configMaps, deployments, namespaces, secrets } from '#runtime/client/builtin.ts';
import { findCondition, isConditionTrue } from '#runtime/client/conditions.ts';
import type { Resource } from '#runtime/client/resource.ts';
import { contentsOfStore } from '../installation.ts';
import { added, listObjects } from '../listed-objects.ts';
import { clusterctl, declareProviders } from './clusterctl.ts';
import { clusterApiDefinitions } from './core.ts';
import type { ManagementSide } from './management-side.ts';
import { startManagementSide, until } from './management-side.ts';

const namespace = 'team';
const key = { namespace, name: 'shop' };

suite('clusterctl move between two management clusters on one store', () => {
  let home: ManagementSide;
  let there: ManagementSide;
  let tenant: RunningTenant;
  let empty: Inventory;
  let full: Inventory;
  let inTenant: readonly string[];

  const inventory = async (): Promise<Inventory> => ({
    home: await listObjects((args) => home.management.kubectl(args)),
    there: await listObjects((args) => there.management.kubectl(args)),
    store: await storeNames(home),
  });
  const objectsInTenant = () => listObjects((args) => tenant.kubectl(args), { uids: true });
  const ofTheUser = { namespace: 'default', name: 'of-the-user' };

  before(async () => {
    const options = { controllers: ['garbage-collector-controller'], clusterApi: await clusterApiDefinitions() };
    home = await startManagementSide(key, options);
    there = await startManagementSide(key, { ...options, store: home.installation.store });
    for (const { management } of [home, there]) await declareProviders(management);
    await home.client.create(namespaces, { metadata: { name: namespace } });
    empty = await inventory();
    await home.createCluster();
    tenant = await home.runTenant();
    await home.untilReady();
    await home.untilCluster(({ status }) => isConditionTrue(status?.conditions, 'ControlPlaneInitialized'));
    await tenant.client.create(configMaps, { metadata: ofTheUser, data: { kept: 'yes' } });
    full = await inventory();
    inTenant = await objectsInTenant();
  });
  after(async () => {
    await there?.stop();
    await home?.stop();
  });

  let certificates: unknown;
  test('takes everything there, and nothing is left where it was', async () => {
    certificates = await secretsOf(home);
    const output = await clusterctl([
      'move',
      `--kubeconfig=${home.management.kubeconfigPath}`,
      `--to-kubeconfig=${there.management.kubeconfigPath}`,
      `--namespace=${namespace}`,
    ]);
    assert.match(output, /Creating objects in the target cluster/u);
    const kinds: readonly Resource[] = [clusters, kamajiControlPlanes, tenantControlPlanes];
    for (const kind of kinds) {
      assert.equal(await home.client.get(kind, key), undefined, `${kind.kind} where it was`);
      assert.notEqual(await there.client.get(kind, key), undefined, `${kind.kind} there`);
    }
    await until('what it left is collected', async () => added(empty.home, (await inventory()).home).length === 0);
  });

  test('there it has the same users, roles and keys in its store', async () => {
    await there.untilControlPlane(({ status }) => findCondition(status?.conditions, 'Paused')?.status === 'False');
    await until('the Deployment is there', () => there.client.get(deployments, key));
    assert.deepEqual((await inventory()).store, full.store);
  });

  test('its API server starts there with all that was in the tenant', async () => {
    await tenant.stop();
    tenant = await there.runTenant();
    assert.deepEqual(added(await objectsInTenant(), inTenant), [], 'gone from the tenant');
    assert.deepEqual((await tenant.client.get(configMaps, ofTheUser))?.data, { kept: 'yes' });
  });

  test('Cluster API goes on with it', async () => {
    const { spec } = await there.untilReady();
    const cluster = await there.untilCluster(({ status }) =>
      isConditionTrue(status?.conditions, 'ControlPlaneInitialized'),
    );
    assert.deepEqual(cluster.spec?.controlPlaneEndpoint, spec.controlPlaneEndpoint);
  });

  test('not one certificate, key, kubeconfig or password is another', async () => {
    assert.deepEqual(await secretsOf(there), certificates);
    assert.deepEqual((await inventory()).store, full.store);
  });

  test('deleted there, it leaves nothing: not there, not where it was, not in the store', async () => {
    await tenant.stop();
    await there.client.delete(clusters, key);
    await until('all objects are gone', async () => {
      const left = added(empty.there, (await inventory()).there);
      return left.every((line) => line === `Namespace /${namespace}`);
    });
    const { home: left, store } = await inventory();
    assert.deepEqual(added(empty.home, left), []);
    assert.deepEqual(store, empty.store);
  });
});

/** All that a control plane could leave behind. */
interface Inventory {
  readonly home: readonly string[];
  readonly there: readonly string[];
  readonly store: StoreNames;
}

interface StoreNames {
  readonly users: readonly string[];
  readonly roles: readonly string[];
  /** First parts of the keys. */
  readonly schemas: readonly string[];
}

async function storeNames({ installation }: ManagementSide): Promise<StoreNames> {
  const { keys, users, roles } = await contentsOfStore(installation.store);
  return { users, roles, schemas: [...new Set(keys.map((one) => one.split('/')[1] ?? ''))] };
}

/** What the Secrets of the namespace hold. */
async function secretsOf({ client }: ManagementSide): Promise<unknown> {
  const { items } = await client.list(secrets, { namespace });
  return Object.fromEntries(items.map(({ metadata, data, type }) => [metadata?.name, { type, data }]));
}
