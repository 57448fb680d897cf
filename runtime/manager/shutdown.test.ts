import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { createApiServer } from '#test/api-server/api-server.ts';
import type { ApiServer } from '#test/api-server/api-server.ts';
import { watchForLeaks } from '#test/leaks.ts';
import type { LeakWatch } from '#test/leaks.ts';
import { CacheSyncError } from '../cache/cache.ts';
import { configMaps, events, leases } from '../client/builtin.ts';
import type { Client } from '../client/client.ts';
import { createClient } from '../client/kube-client.ts';
import { systemClock } from '../clock.ts';
import { until } from '../clock.fake.ts';
import { LeadershipLostError } from './leadership.ts';
import { Replica, labels, lease } from './replica.fake.ts';

const namespace = 'default';

// Whole managers over real HTTP, on the clock of this machine.
suite('a manager that has ended holds nothing', () => {
  let leaks: LeakWatch;
  let api: ApiServer;
  let url: string;
  let client: Client;
  beforeEach(async () => {
    leaks = watchForLeaks();
    api = createApiServer({ clock: systemClock });
    ({ url } = await api.listen());
    client = createClient(api.transport({ user: 'test' }));
  });
  afterEach(async () => {
    await api.close();
    await leaks.nothingLeft();
  });

  /** A replica that leads and has done some work. */
  const working = async (name: string): Promise<Replica> => {
    const replica = new Replica(name, { server: url });
    await until(() => replica.leads(), `${name} leads`);
    await client.create(configMaps, { metadata: { namespace, name, labels } });
    await until(() => api.requests.some((one) => one.name === name && one.verb === 'patch' && one.changed), 'its work');
    return replica;
  };

  test('after an orderly end, nor do its signals', async () => {
    const leader = await working('leader');
    const candidate = new Replica('candidate', { server: url });
    await until(() => candidate.health.port() !== 0, 'the candidate listens');
    await fetch(`http://127.0.0.1:${leader.health.port()}/readyz`).then((response) => response.text());
    await leader.stop();
    await candidate.stop();
    for (const { stopping } of [leader, candidate]) assert.deepEqual(getEventListeners(stopping.signal, 'abort'), []);
    const written = await client.list(events, { namespace });
    assert.deepEqual(
      written.items.map(({ note }) => note),
      ['by leader'],
      'the last Events are written',
    );
    await assert.rejects(leader.client.get(configMaps, lease), 'its connections are closed');
  });

  test('after it lost its leadership', async () => {
    const replica = await working('leader');
    await client.mergePatch(leases, lease, { spec: { holderIdentity: 'intruder' } });
    await assert.rejects(replica.running, LeadershipLostError);
  });

  test('after it was asked to end while the server is silent', async () => {
    const replica = await working('leader');
    api.faults.next({ kind: 'silence' }, { user: 'system:admin', times: Infinity });
    await client.create(configMaps, { metadata: { namespace, name: 'later', labels } });
    await until(() => api.requests.some(({ fault, name }) => fault === 'silence' && name === 'later'), 'a write hangs');
    api.faults.now({ kind: 'watch-silence' });
    await replica.stop();
  });

  test('after its caches never synced', async () => {
    api.faults.next({ kind: 'status', code: 403 }, { verb: 'list', times: Infinity });
    const replica = new Replica('refused', { server: url }, { syncTimeoutMs: 100 });
    await assert.rejects(replica.running, CacheSyncError);
  });

  test('after its port was taken', async () => {
    const replica = await working('leader');
    const port = replica.health.port();
    const second = new Replica('second', { server: url }, { healthPort: port });
    await assert.rejects(second.running, { code: 'EADDRINUSE' });
    await replica.stop();
  });
});
