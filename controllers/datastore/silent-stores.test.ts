import { once } from 'node:events';
import { test } from 'node:test';
import { dataStores } from '#api/kinds.ts';
import { namespaces } from '#runtime/client/builtin.ts';
import { abortReason } from '#runtime/clock.ts';
import { startControlPlane } from '#test/control-plane.ts';
import { installCrds } from '#test/install-crds.ts';
import { startTlsEtcd } from '#test/tls-etcd.ts';
import { enableAuthorization, eventually, namespace, store, userStore } from './objects.fake.ts';
import { startController } from './running-controller.fake.ts';

const SILENT = 'silent.example:2379';
const count = 60;

test('a store becomes ready, and is seen to go, while sixty others answer nothing at all', async () => {
  await using controlPlane = await startControlPlane();
  await using etcd = await startTlsEtcd();
  await enableAuthorization(etcd);
  await installCrds(controlPlane);
  const { client } = controlPlane;
  await client.create(namespaces, { metadata: { name: namespace } });
  const waiting = new Set<AbortSignal>();
  const unanswered = async (signal: AbortSignal): Promise<never> => {
    waiting.add(signal);
    if (!signal.aborted) await once(signal, 'abort');
    throw abortReason(signal);
  };
  const controller = await startController(controlPlane, new Map(), ({ endpoints }) =>
    endpoints.includes(SILENT) ? unanswered : undefined,
  );
  try {
    const { spec } = await userStore(etcd, 'healthy');
    for (let n = 0; n < count; n++) {
      await client.create(dataStores, store(`silent-${n}`, { ...spec, endpoints: [SILENT] }));
    }
    await eventually(async () => waiting.size === count);
    await client.create(dataStores, store('healthy', spec));
    const isReady = async () => (await client.get(dataStores, { name: 'healthy' }))?.status?.ready;
    await eventually(async () => (await isReady()) === true);
    await etcd.end();
    await eventually(async () => (await isReady()) === false);
  } finally {
    await controller.stop();
  }
});
