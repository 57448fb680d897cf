import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { dataStores, kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import { deployments, namespaces } from '#runtime/client/builtin.ts';
import { systemClock } from '#runtime/clock.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Installation } from './installation.ts';
import { createControlPlane, SHARED, startInstallation } from './installation.ts';
import type { Manager } from './manager-process.ts';
import { startManager } from './manager-process.ts';

suite('instances of the provider side by side, each with the rights of its manifests', () => {
  let management: ControlPlane;
  let installation: Installation;
  const managers: Manager[] = [];
  before(async () => {
    installation = await startInstallation();
    ({ management } = installation);
    for (const name of ['team-blue', 'team-green', 'others']) {
      await management.client.create(namespaces, { metadata: { name } });
    }
    for (const team of ['blue', 'green']) {
      const variables = { KAMAJI_INSTANCE_NAMESPACE: `kamaji-${team}`, KAMAJI_WATCHED_NAMESPACE: `team-${team}` };
      await installation.addInstance(variables);
    }
    managers.push(await startManager(management, { namespace: SHARED, flags: ['--watch-filter=shared'] }));
    for (const team of ['blue', 'green']) {
      managers.push(
        await startManager(management, { namespace: `kamaji-${team}`, flags: [`--namespace=team-${team}`] }),
      );
    }
  });
  after(async () => {
    for (const manager of managers) await manager.stop();
    await installation?.stop();
  });

  test('a control plane is made by the instance of its namespace, and by no other', async () => {
    for (const team of ['blue', 'green']) {
      await createControlPlane(management.client, { namespace: `team-${team}`, name: 'shop' });
      const key = { namespace: `team-${team}`, name: 'shop' };
      await eventually(async () => (await management.client.get(deployments, key)) !== undefined, managers);
      assert.deepEqual(await writersIn(management, `team-${team}`, managers), [`kamaji-${team}`]);
    }
  });

  test('the one without --namespace looks after what its --watch-filter names, and after stores', async () => {
    await createControlPlane(management.client, { namespace: 'others', name: 'unlabelled' });
    const labels = { 'cluster.x-k8s.io/watch-filter': 'shared' };
    await createControlPlane(management.client, { namespace: 'others', name: 'labelled' }, labels);
    const key = { namespace: 'others', name: 'labelled' };
    await eventually(async () => (await management.client.get(deployments, key)) !== undefined, managers);
    assert.equal(await management.client.get(tenantControlPlanes, { ...key, name: 'unlabelled' }), undefined);
    assert.deepEqual(await writersIn(management, 'others', managers), [SHARED]);
    const dataStore = await management.client.get(dataStores, { name: 'default' });
    assert.deepEqual([...(dataStore?.status?.usedBy ?? [])].sort(), [
      'others/labelled',
      'team-blue/shop',
      'team-green/shop',
    ]);
  });

  test('they go again, each by its own instance', async () => {
    const places = [
      ['team-blue', 'shop'],
      ['team-green', 'shop'],
      ['others', 'labelled'],
    ] as const;
    for (const [namespace, name] of places) await management.client.delete(kamajiControlPlanes, { namespace, name });
    for (const [namespace, name] of places) {
      await eventually(
        async () => (await management.client.get(kamajiControlPlanes, { namespace, name })) === undefined,
        managers,
      );
      assert.equal(await management.client.get(tenantControlPlanes, { namespace, name }), undefined);
    }
  });

  test('none of them was refused anything', async () => {
    const refused = (await management.auditEvents()).filter(
      ({ user, responseStatus }) =>
        managers.some((manager) => manager.user === user.username) && responseStatus?.code === 403,
    );
    assert.deepEqual(
      refused.map(({ user, verb, requestURI }) => `${user.username} ${verb} ${requestURI}`),
      [],
    );
  });
});

/** Namespaces of the instances that have written something in a namespace. */
async function writersIn(management: ControlPlane, namespace: string, managers: readonly Manager[]) {
  const writes = (await management.auditEvents()).filter(
    ({ verb, objectRef }) =>
      ['create', 'update', 'patch', 'delete'].includes(verb) && objectRef?.namespace === namespace,
  );
  const users = new Set(writes.map(({ user }) => user.username));
  return managers.filter(({ user }) => users.has(user)).map(({ user }) => user.split(':')[2]);
}

async function eventually(holds: () => Promise<boolean>, managers: readonly Manager[]): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) {
      const logs = await Promise.all(managers.map((manager) => manager.log(15)));
      throw new Error(`not within a minute; the managers said\n${logs.join('\n---\n')}`);
    }
    await systemClock.sleep(100, AbortSignal.timeout(10_000));
  }
}
