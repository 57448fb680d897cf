import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { tenantControlPlanes } from '#api/kinds.ts';
import { deployments, nodes } from '#runtime/client/builtin.ts';
import { findCondition, isConditionTrue } from '#runtime/client/conditions.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import type { RunningTenant } from './running-tenant.fake.ts';
import type { World } from './world.fake.ts';
import { startWorld } from './world.fake.ts';

suite('an upgrade for which kubelets are too old', { concurrency: 1 }, () => {
  let world: World;
  let tenant: RunningTenant;
  let key: ObjectKey;

  before(async () => {
    world = await startWorld();
    key = await world.tenant('aging', { kubernetes: { version: 'v1.34.4', kubelet: {} } });
    await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
    tenant = await world.run(key);
    await world.reason(key, 'Ready', 'Ready');
    for (const [name, kubeletVersion] of [
      ['old', 'v1.31.14'],
      ['new', 'v1.34.4'],
    ] as const) {
      await tenant.client.create(nodes, { metadata: { name } });
      const status = { nodeInfo: { ...nothingElse, kubeletVersion } };
      await tenant.client.mergePatch(nodes, { name }, { status }, { subresource: 'status' });
    }
  });
  after(() => world?.[Symbol.asyncDispose]());

  test('does not begin, and a condition names the nodes and what to do; the control plane is served', async () => {
    await patch({ kubernetes: { version: 'v1.35.4' } });
    const { status } = await world.reason(key, 'ControlPlaneReady', 'KubeletsTooOld');
    const message = findCondition(status?.conditions, 'Ready')?.message ?? '';
    assert.match(message, /v1\.35\.4 needs kubelets of v1\.32 or newer, .* node old \(v1\.31\.14\), or /u);
    assert.ok(isConditionTrue(status?.conditions, 'Available'));
    assert.equal(status?.kubernetesResources?.version?.version, 'v1.34.4');
    assert.match(await image(), /:v1\.34\.4$/u);
    assert.ok(world.notes(key).some(({ type, reason }) => type === 'Warning' && reason === 'KubeletsTooOld'));
  });

  test('keeps nothing else from being done', async () => {
    await patch({ controlPlane: { deployment: { replicas: 3 } } });
    await world.eventually('there are three replicas', async () => {
      return (await world.client.get(deployments, key))?.spec?.replicas === 3;
    });
    assert.match(await image(), /:v1\.34\.4$/u);
  });

  test('begins when those nodes are gone', async () => {
    await tenant.client.delete(nodes, { name: 'old' });
    await world.eventually('pods of the new version are asked for', async () => (await image()).endsWith(':v1.35.4'));
    const { status } = await world.reason(key, 'Progressing', 'Upgrading');
    assert.ok(isConditionTrue(status?.conditions, 'Ready'), 'it is served all the time');
    await world.podsReady(key);
    await world.eventually('the new version is installed', async () => {
      return (await world.get(key)).status?.kubernetesResources?.version?.version === 'v1.35.4';
    });
  });

  async function patch(spec: object): Promise<void> {
    await world.client.mergePatch(tenantControlPlanes, key, { spec });
  }

  async function image(): Promise<string> {
    const containers = (await world.client.get(deployments, key))?.spec?.template.spec?.containers ?? [];
    return containers.find(({ name }) => name === 'kube-apiserver')?.image ?? '';
  }
});

/** The rest of what a kubelet says of its node, all of it required. */
const nothingElse = {
  architecture: '',
  bootID: '',
  containerRuntimeVersion: '',
  kernelVersion: '',
  kubeProxyVersion: '',
  machineID: '',
  operatingSystem: '',
  osImage: '',
  systemUUID: '',
};
