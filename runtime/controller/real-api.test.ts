import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createLogger } from 'winston';
import { startControlPlane } from '#test/control-plane.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import { createCache } from '../cache/cache.ts';
import type { Cache } from '../cache/informer.ts';
import { createApplier } from '../client/applier.ts';
import { configMaps, secrets } from '../client/builtin.ts';
import { createClient } from '../client/kube-client.ts';
import { createTransport } from '../client/transport.ts';
import type { Transport } from '../client/transport.ts';
import { systemClock } from '../clock.ts';
import { until } from '../clock.fake.ts';
import { createController } from './controller.ts';
import { ownedBy, watchSource } from './sources.ts';

// Tier 3: cache and controller together, against a real kube-apiserver that is killed under them.
let controlPlane: ControlPlane;
let transport: Transport;
before(async () => {
  controlPlane = await startControlPlane();
  const { certificatePem: cert, privateKeyPem: key } = controlPlane.admin;
  transport = createTransport({ server: controlPlane.server, tls: { ca: controlPlane.caCertificatePem, cert, key } });
});
after(async () => {
  await transport.close();
  await controlPlane.stop();
});

const log = createLogger({ silent: true });
const namespace = 'default';
const newCache = (): Cache => createCache({ transport, clock: systemClock, random: Math.random, log });

async function running<T>(run: (signal: AbortSignal) => readonly Promise<void>[], use: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const parts = run(stop.signal);
  try {
    return await use();
  } finally {
    stop.abort(new Error('test over'));
    await Promise.all(parts);
  }
}

test('a cache holds more than one page, follows changes, and survives the death of the API server', async () => {
  const client = createClient(transport);
  const labels = { test: 'pages' };
  const create = (name: string) => client.create(configMaps, { metadata: { namespace, name, labels } });
  for (let hundred = 0; hundred < 7; hundred++) {
    await Promise.all(Array.from({ length: 100 }, (_, i) => create(`page-${hundred}-${i}`)));
  }
  const cache = newCache();
  const informer = cache.informer(configMaps, { labelSelector: 'test=pages', metadataOnly: true });
  const seen: string[] = [];
  informer.subscribe(({ type, object }) => seen.push(`${type} ${object.metadata?.name}`));
  await running(
    (signal) => [cache.start(signal)],
    async () => {
      await cache.waitForSync(AbortSignal.timeout(30_000));
      assert.equal(informer.list(namespace).length, 700);
      assert.equal(informer.list()[0]?.data, undefined);
      seen.length = 0;

      await client.delete(configMaps, { namespace, name: 'page-0-0' });
      await client.mergePatch(configMaps, { namespace, name: 'page-0-1' }, { metadata: { labels: { test: 'left' } } });
      await client.mergePatch(configMaps, { namespace, name: 'page-0-2' }, { data: { a: 'b' } });
      await until(() => seen.length === 3);
      assert.deepEqual(seen, ['deleted page-0-0', 'deleted page-0-1', 'updated page-0-2']);

      await controlPlane.restartApiServer();
      seen.length = 0;
      await create('after-restart');
      await until(() => seen.length > 0, 'an event after the restart');
      assert.deepEqual(seen, ['added after-restart']);
      assert.equal(informer.list().length, 699);
    },
  );
});

test('a controller creates what is missing once, heals it, and then writes nothing', async () => {
  const client = createClient(transport);
  const owners = { labelSelector: 'test=owner' };
  const children = { labelSelector: 'test=child' };
  let passes = 0;
  let applied = 0;
  const oneProcess = (): ((signal: AbortSignal) => readonly Promise<void>[]) => {
    const cache = newCache();
    const ownerInformer = cache.informer(configMaps, owners);
    const childInformer = cache.informer(secrets, children);
    const applier = createApplier({ fieldManager: 'test', hashAnnotation: 'example.com/applied' });
    const controller = createController(
      {
        name: 'owner',
        sources: [watchSource(ownerInformer), ownedBy(childInformer, configMaps)],
        reconcile: async (key, context) => {
          passes++;
          const owner = ownerInformer.get(key);
          if (owner?.metadata?.uid === undefined) return {};
          const { name, uid } = { name: key.name, uid: owner.metadata.uid };
          const desired = {
            metadata: {
              namespace,
              name,
              labels: { test: 'child' },
              ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, controller: true }],
            },
            data: { value: Buffer.from(owner.data?.['value'] ?? '').toString('base64') },
          };
          const { changed } = await applier.apply(context.client, secrets, desired, childInformer.get(key));
          if (changed) applied++;
          return {};
        },
      },
      { client, cache, clock: systemClock, log },
    );
    return (signal) => [cache.start(signal), controller.start(signal)];
  };
  const childValue = async (name: string) => (await client.get(secrets, { namespace, name }))?.data?.['value'];
  const settled = async (): Promise<void> => {
    let before = -1;
    while (passes !== before) {
      before = passes;
      await systemClock.sleep(200, AbortSignal.timeout(10_000));
    }
  };

  await running(oneProcess(), async () => {
    for (const name of ['one', 'two', 'three']) {
      const metadata = { namespace, name, labels: { test: 'owner' } };
      await client.create(configMaps, { metadata, data: { value: name } });
    }
    await until(() => applied === 3, 'three children');
    await settled();
    assert.equal(applied, 3);

    await client.mergePatch(secrets, { namespace, name: 'one' }, { data: { value: 'YWx0ZXJlZA==' } });
    await until(() => applied === 4, 'the altered child healed');
    assert.equal(await childValue('one'), Buffer.from('one').toString('base64'));

    await client.delete(secrets, { namespace, name: 'two' });
    await until(() => applied === 5, 'the deleted child made again');
    await settled();
    assert.equal(applied, 5);
  });

  const versions = async () =>
    (await client.list(secrets, { namespace, ...children })).items.map((item) => item.metadata?.resourceVersion);
  const before = await versions();
  passes = 0;
  await running(oneProcess(), async () => {
    await until(() => passes >= 3, 'a pass per owner after the restart');
    await settled();
  });
  assert.equal(applied, 5);
  assert.deepEqual(await versions(), before);
});
