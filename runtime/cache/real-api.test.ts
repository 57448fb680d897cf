import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { after, before, suite, test } from 'node:test';
import { startControlPlane } from '#test/control-plane.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import { compactEtcd } from '#test/etcd-compaction.ts';
import { startTcpRelay } from '#test/tcp-relay.ts';
import type { TcpRelay } from '#test/tcp-relay.ts';
import { configMaps } from '../client/builtin.ts';
import type { ConfigMap } from '../client/builtin.ts';
import { createClient } from '../client/kube-client.ts';
import { createTransport } from '../client/transport.ts';
import type { Transport } from '../client/transport.ts';
import { until } from '../clock.fake.ts';
import { systemClock } from '../clock.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createCache } from './cache.ts';

// Tier 3: what a real kube-apiserver does once etcd has forgotten a position.
suite('after a compaction', () => {
  let controlPlane: ControlPlane;
  let relay: TcpRelay;
  let transport: Transport;
  before(async () => {
    controlPlane = await startControlPlane();
    relay = await startTcpRelay(Number(new URL(controlPlane.server).port));
    const { certificatePem: cert, privateKeyPem: key } = controlPlane.admin;
    const tls = { ca: controlPlane.caCertificatePem, cert, key };
    transport = createTransport({ server: `https://127.0.0.1:${relay.port}`, tls });
  });
  after(async () => {
    await transport.close();
    await relay.close();
    await controlPlane.stop();
  });

  const namespace = 'default';
  const labels = { test: 'compaction' };
  const create = (name: string) => controlPlane.client.create(configMaps, { metadata: { namespace, name, labels } });

  /** Nobody remembers what was before: etcd has compacted it away, and kube-apiserver begins with an empty memory. */
  const forget = async (): Promise<void> => {
    await compactEtcd(controlPlane.etcdEndpoint);
    await controlPlane.restartApiServer();
  };

  test('a watch from before it is answered 410, and the cache finds out what it missed', async () => {
    const lines: string[] = [];
    const stream = new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    });
    const cache = createCache({ transport, clock: systemClock, random: () => 0.1, log: createLogger({ stream }) });
    const informer = cache.informer(configMaps, { labelSelector: 'test=compaction' });
    const seen: [type: string, name: string | undefined, data: ConfigMap['data']][] = [];
    const stop = new AbortController();
    const running = cache.start(stop.signal);
    for (const name of ['kept', 'changed', 'deleted']) await create(name);
    const said = await controlPlane.client.mergePatch<ConfigMap>(
      configMaps,
      { namespace, name: 'deleted' },
      { data: { last: 'words' } },
    );
    await until(() => informer.observedResourceVersion() === said.metadata?.resourceVersion, 'all of it in the cache');
    informer.subscribe((event) => {
      if (event.type !== 'added' || !event.initial) {
        seen.push([event.type, event.object.metadata?.name, event.object.data]);
      }
    });

    relay.cut();
    await controlPlane.client.mergePatch(configMaps, { namespace, name: 'changed' }, { data: { new: 'value' } });
    await controlPlane.client.delete(configMaps, { namespace, name: 'deleted' });
    await create('added');
    await forget();
    relay.mend();

    await until(() => seen.length === 3, 'three events');
    assert.deepEqual(seen, [
      ['deleted', 'deleted', { last: 'words' }],
      ['added', 'added', undefined],
      ['updated', 'changed', { new: 'value' }],
    ]);
    assert.match(lines.join(''), /listing again.*too old resource version/);

    await create('later');
    await until(() => seen.length === 4, 'the watch goes on');
    stop.abort(new Error('over'));
    await running;
  });

  test('a list of several pages that loses its snapshot begins anew', async () => {
    for (let i = 0; i < 5; i++) await create(`page-${i}`);
    let further = 0;
    const forgetful: Transport = {
      ...transport,
      request: async (request) => {
        if (request.path.includes('continue=') && further++ === 0) {
          await create('between');
          await forget();
        }
        return transport.request(request);
      },
    };
    const { items } = await createClient(forgetful).list(configMaps, {
      namespace,
      labelSelector: 'test=compaction',
      fieldSelector: 'metadata.name!=kept',
      limit: 2,
    });
    const names = items.map(({ metadata }) => metadata?.name);
    assert.deepEqual(names, ['added', 'between', 'changed', 'later', 'page-0', 'page-1', 'page-2', 'page-3', 'page-4']);
    assert.equal(further, 1 + 4, 'the first page was asked for twice');
  });
});
