import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { dataStores } from '#api/kinds.ts';
import type { JsonObject } from '#api/schema/json-schema.ts';
import { deployments, services } from '#runtime/client/builtin.ts';
import { ApiError } from '#runtime/client/errors.ts';
import { create, deployment, isJudged, judgedEdit, key, manifestOf, patch, tenants } from './tenants.fake.ts';
import type { Replica, World } from './world.fake.ts';
import { startWorld } from './world.fake.ts';

let world: World;
const client = () => world.management.client;

const nodePort = (name: string, port: number) =>
  create(world, name, { networkProfile: { port, address: '192.0.2.1' } }, { service: { serviceType: 'NodePort' } });

async function refusal(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => assert.fail('was accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError && error.isInvalid, String(error));
  return error.message;
}

suite('admission on a real API server', () => {
  before(async () => {
    world = await startWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  suite('with the manager down', () => {
    before(async () => {
      await create(world, 'left-alone');
      await world.installWebhooks();
      // What needs a judgement fails as soon as the API server knows the webhooks.
      await world.eventually('the webhooks are in force', async () => !(await isJudged(world, 'left-alone')));
    });

    const names = ['edited', 'scaled', 'deleted'];
    test('a control plane with nothing out of the ordinary can be created', async () => {
      for (const name of names) await create(world, name);
      await create(world, 'on-a-store', { dataStore: 'nats' });
    });

    test('what needs no webhook can be edited', async () => {
      await client().mergePatch(tenants, key('edited'), { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } } });
      await patch(world, 'edited', { kubernetes: { version: 'v1.36.0' } });
      await patch(world, 'edited', deployment({ replicas: 5 }));
      await patch(world, 'edited', { networkProfile: { certSANs: ['a.example.com'] }, addons: { coreDNS: {} } });
      const status = { kubernetesResources: { version: { version: 'v1.36.0' } } };
      await client().mergePatch(tenants, key('edited'), { status }, { subresource: 'status' });
    });

    test('it can be scaled', async () => {
      await world.management.kubectl(['scale', 'tcp/scaled', '--replicas=3']);
      assert.equal(await world.management.kubectl(['get', 'tcp/scaled', '-o', 'jsonpath={..spec..replicas}']), '3');
    });

    test('the names that the system chooses can be written down', async () => {
      const { metadata } = await create(world, 'named');
      const uid = metadata?.uid ?? '';
      const chosen = { dataStore: 'one', dataStoreSchema: uid, dataStoreUsername: uid.replaceAll('-', '') };
      assert.equal((await patch(world, 'named', chosen)).spec?.['dataStoreSchema'], uid);
    });

    test('it can be deleted, and its finalizers removed, whatever else is changed on the way', async () => {
      await client().delete(tenants, key('deleted'));
      await patch(world, 'deleted', deployment({ nodeSelector: { a: 'b' } }));
      await client().mergePatch(tenants, key('deleted'), { metadata: { finalizers: null } });
      assert.equal(await client().get(tenants, key('deleted')), undefined);
    });

    test('what needs a judgement has to wait, and the user learns why', async () => {
      await assert.rejects(
        create(world, 'chosen', { dataStoreSchema: 'mine' }),
        /failed calling webhook "create\.tenantcontrolplane\.kamaji\.clastix\.io"/,
      );
      await assert.rejects(
        patch(world, 'edited', { dataStore: 'one', dataStoreUsername: 'mine' }),
        /failed calling webhook/,
      );
    });
  });

  suite('with the manager up', () => {
    const replicas: Replica[] = [];
    before(async () => {
      await world.installWebhooks();
      await create(world, 'judged');
      for (let count = 0; count < 2; count++) replicas.push(await world.startReplica());
      await world.eventually('the webhooks answer', () => isJudged(world, 'judged'));
    });
    after(() => Promise.all(replicas.map((replica) => replica.stop())));

    test('names that another control plane has in the same store are refused', async () => {
      const names = { dataStoreSchema: 'taken', dataStoreUsername: 'owner' };
      await create(world, 'owner', { dataStore: 'one', ...names });
      const says = async (more: JsonObject) => refusal(create(world, 'rival', { dataStore: 'one', ...names, ...more }));
      // The replicas learn of the owner a moment after it is there.
      await world.eventually('the owner is known', async () => {
        const dryRun = create(world, 'rival', { dataStore: 'one', ...names });
        return dryRun.then(
          async () => {
            await client().mergePatch(tenants, key('rival'), { metadata: { finalizers: null } });
            await client().delete(tenants, key('rival'));
            return false;
          },
          () => true,
        );
      });
      assert.match(
        await says({}),
        /spec\.dataStoreSchema taken is that of another control plane on DataStore one: choose another one, or leave it/,
      );
      assert.match(
        await says({ dataStoreSchema: 'free' }),
        /spec\.dataStoreUsername owner is that of another control plane/,
      );
      await create(world, 'elsewhere', { dataStore: 'two', ...names });
      assert.match(
        await refusal(patch(world, 'elsewhere', { dataStore: 'one' })),
        /spec\.dataStoreSchema taken is that of another/,
      );
    });

    test('a second control plane on a NATS is refused, the first one may be changed', async () => {
      await client().create(dataStores, {
        apiVersion: 'kamaji.clastix.io/v1alpha1',
        kind: 'DataStore',
        metadata: { name: 'nats' },
        spec: {
          driver: 'NATS',
          endpoints: ['nats.example:4222'],
          basicAuth: { username: { content: 'YQ==' }, password: { content: 'YQ==' } },
        },
      });
      const says =
        /spec\.dataStore nats is a NATS, which holds one control plane, and has one: name another DataStore, or make one/;
      // The replicas learn of the DataStore a moment after it is there.
      await world.eventually('the NATS is known', async () => {
        const attempt = JSON.stringify(manifestOf('second', { dataStore: 'nats' }));
        return world.management.kubectl(['create', '--dry-run=server', '-f', '-'], attempt).then(
          () => false,
          (error: unknown) => says.test(String(error)),
        );
      });
      assert.match(await refusal(create(world, 'second', { dataStore: 'nats' })), says);
      assert.match(await refusal(create(world, 'second', { dataStore: 'nats', dataStoreSchema: 'own' })), says);
      await create(world, 'second', { dataStore: 'one' });
      assert.match(await refusal(patch(world, 'second', { dataStore: 'nats' })), says);
      await patch(world, 'on-a-store', deployment({ nodeSelector: { a: 'b' } }));
    });

    test('names that no other control plane has are accepted', async () => {
      await create(world, 'named-by-its-user', {
        dataStore: 'one',
        dataStoreSchema: 'other',
        dataStoreUsername: 'other',
      });
    });

    test('parts of the Deployment that the API server would refuse are refused', async () => {
      const parts = (image: JsonObject) => ({ additionalContainers: [{ name: 'sidecar', ...image }] });
      assert.match(
        await refusal(create(world, 'sidecar', {}, { deployment: parts({}) })),
        /the Deployment of this control plane would be refused: .*containers\[0\]\.image.*: correct spec\.controlPlane\.deployment/,
      );
      await create(world, 'sidecar', {}, { deployment: parts({ image: 'sidecar:1' }) });
      const mount = { additionalVolumeMounts: { apiServer: [{ name: 'nowhere', mountPath: '/nowhere' }] } };
      assert.match(
        await refusal(patch(world, 'sidecar', deployment(mount))),
        /would be refused: .*"nowhere".*: correct spec/,
      );
      assert.equal(await client().get(deployments, key('sidecar')), undefined, 'nothing is made by a trial');
    });

    test('a node port out of range is refused', async () => {
      assert.match(
        await refusal(nodePort('low', 6443)),
        /networkProfile\.port 6443 is none of this cluster's node ports, 30000 to 32767: choose one of them, or another/,
      );
      await nodePort('free', 31_444);
      assert.match(await refusal(patch(world, 'free', { networkProfile: { port: 443 } })), /port 443 is none of this/);
    });

    test('a node port that another Service has comes with a warning: it may be free soon', async () => {
      const ports = [{ name: 'a', port: 80, nodePort: 31_443 }];
      await client().create(services, { metadata: key('theirs'), spec: { type: 'NodePort', ports } });
      await nodePort('occupied', 31_445);
      const change = ['patch', 'tcp/occupied', '--type=merge', '-p', '{"spec":{"networkProfile":{"port":31443}}}'];
      await assert.rejects(
        world.management.kubectl([...change, '--warnings-as-errors']),
        /Warning: the control plane will wait until another Service gives up its node port: .*31443.* already allocated/,
      );
      assert.equal(
        await world.management.kubectl(['get', 'tcp/occupied', '-o', 'jsonpath={..networkProfile.port}']),
        '31443',
      );
    });

    test('the same object again is no change, and another’s object of its name is left to the controller', async () => {
      await client().create(deployments, {
        metadata: key('foreign'),
        spec: {
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
        },
      });
      await create(world, 'foreign', {}, { deployment: { nodeSelector: { a: 'b' } } });
    });

    test('one replica is enough', async () => {
      await replicas.pop()?.stop();
      await judgedEdit(world, 'judged');
    });
  });
});
