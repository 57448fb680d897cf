import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { tenantControlPlanes } from '#api/kinds.ts';
import { AUTHORIZATION_PORT, MANAGER_CERTIFICATE } from '#api/manager-service.ts';
import { isAuthorizerKubeconfig } from '#controlplane/authorization.ts';
import { createAuthority } from '#pki/authority.ts';
import type { Deployment } from '#runtime/client/builtin.ts';
import { deployments, namespaces, networkPolicies, secrets } from '#runtime/client/builtin.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import type { World } from './world.fake.ts';
import { startWorld } from './world.fake.ts';

const MANAGER_NAMESPACE = 'kamaji-system';

suite('the pods of a control plane are replaced for a reason only, on a real API server', () => {
  let world: World;
  let key: ObjectKey;
  before(async () => {
    world = await startWorld();
    const deployment = {
      extraArgs: { apiServer: ['--v=4', '--audit-log-path=-'], scheduler: ['--v=3'] },
      additionalVolumes: [{ name: 'scratch', emptyDir: {} }],
      additionalVolumeMounts: { apiServer: [{ name: 'scratch', mountPath: '/scratch' }] },
      podAdditionalMetadata: { annotations: { 'example.org/a': 'b' } },
    };
    key = await world.tenant('steady', { controlPlane: { deployment } });
    await world.reason(key, 'ControlPlaneReady', 'PodsStarting');
  });
  after(() => world?.[Symbol.asyncDispose]());

  const live = async (): Promise<Deployment> => {
    const deployment = await world.client.get(deployments, key);
    assert.ok(deployment !== undefined);
    return deployment;
  };
  const generation = async (): Promise<number | undefined> => (await live()).metadata?.generation;
  const patch = (spec: object) => world.client.mergePatch(tenantControlPlanes, key, { spec });
  const argumentsOf = async (name: string): Promise<readonly string[]> =>
    (await live()).spec?.template.spec?.containers.find((one) => one.name === name)?.args ?? [];
  const touch = async (label: string): Promise<void> => {
    const from = world.passCount(key);
    await world.client.mergePatch(tenantControlPlanes, key, { metadata: { labels: { label } } });
    await world.passes(key, 1, from);
  };

  test('what was created is not written again, by a manager that has just started either', async () => {
    await touch('once');
    await world.restart();
    await touch('twice');
    assert.equal(await generation(), 1);
  });

  test('kubectl rollout restart is left alone', async () => {
    await world.management.kubectl(['-n', key.namespace ?? '', 'rollout', 'restart', 'deployment/steady']);
    const restarted = await generation();
    await touch('restarted');
    await world.restart();
    await touch('restarted-twice');
    assert.equal(await generation(), restarted);
    assert.ok((await live()).spec?.template.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt']);
  });

  test('arguments and parts that the user takes back are gone, and nothing else with them', async () => {
    const before = await argumentsOf('kube-apiserver');
    const deployment = {
      extraArgs: { apiServer: ['--audit-log-path=-'], scheduler: null },
      additionalVolumes: null,
      additionalVolumeMounts: null,
      podAdditionalMetadata: null,
    };
    const changed = await generation();
    await patch({ controlPlane: { deployment } });
    await world.eventually('the Deployment is another', async () => (await generation()) !== changed);
    const { template } = (await live()).spec ?? {};
    assert.deepEqual(
      await argumentsOf('kube-apiserver'),
      before.filter((argument) => argument !== '--v=4'),
    );
    assert.ok(!(await argumentsOf('kube-scheduler')).includes('--v=3'));
    assert.ok(!JSON.stringify(template).includes('scratch'));
    assert.equal(template?.metadata?.annotations?.['example.org/a'], undefined);
    assert.ok(template?.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt'], 'the restart is not ours');
  });

  suite('limiting what tenants may write', () => {
    const files = async (): Promise<readonly string[]> =>
      Object.keys((await world.client.get(secrets, { ...key, name: 'steady-authorization' }))?.data ?? {});
    const asks = async (): Promise<boolean> => (await files()).some(isAuthorizerKubeconfig);
    const isOpen = async (): Promise<boolean> =>
      JSON.stringify((await world.client.get(networkPolicies, key))?.spec?.egress).includes(`${AUTHORIZATION_PORT}`);
    let untouched: number | undefined;
    before(async () => {
      untouched = await generation();
      await world.client.create(namespaces, { metadata: { name: MANAGER_NAMESPACE } });
    });

    test('waits for the certificate of the manager', async () => {
      await patch({ writePermissions: { blockCreation: true } });
      await world.reason(key, 'CertificatesReady', 'Waiting');
      assert.deepEqual([await asks(), await isOpen()], [false, false]);
    });

    test('makes the API servers ask, opens the way for them, and replaces no pod', async () => {
      const authority = await createAuthority({ commonName: 'manager', now: new Date() });
      const data = { 'ca.crt': btoa(authority.certificatePem), 'ca.key': btoa(authority.privateKeyPem) };
      const metadata = { namespace: MANAGER_NAMESPACE, name: MANAGER_CERTIFICATE };
      await world.client.create(secrets, { metadata, data });
      await world.eventually('they ask, and may', async () => (await asks()) && (await isOpen()));
      assert.equal(await generation(), untouched);
    });

    test('is shown in one word', async () => {
      await world.podsReady(key);
      await world.eventually('the state is WriteLimited', async () => {
        const { status } = await world.get(key);
        return status?.kubernetesResources?.version?.status === 'WriteLimited';
      });
      await world.reason(key, 'ControlPlaneReady', 'ControlPlaneReady');
    });

    test('and lifting it takes all of that back, the way to the manager a little later', async () => {
      await patch({ writePermissions: null });
      await world.eventually('nobody asks', async () => !(await asks()));
      assert.deepEqual(await files(), ['authorization.yaml']);
      assert.equal(await isOpen(), true);
      assert.equal(await generation(), untouched);
    });
  });
});
