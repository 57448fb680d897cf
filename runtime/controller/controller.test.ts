import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { createLogger } from 'winston';
import { SharedInformer } from '../cache/shared-informer.ts';
import { configMaps } from '../client/builtin.ts';
import type { ConfigMap } from '../client/builtin.ts';
import type { Client } from '../client/client.ts';
import { ApiError } from '../client/errors.ts';
import type { ObjectKey } from '../client/resource.ts';
import { abortReason } from '../clock.ts';
import { FakeClock, until } from '../clock.fake.ts';
import { createController } from './controller.ts';
import type { ControllerMetrics } from './metrics.ts';
import { TerminalError } from './reconciler.ts';
import type { ControllerOptions, Reconcile } from './reconciler.ts';
import { channelSource, watchSource } from './sources.ts';
import type { ChannelSource } from './sources.ts';

const log = createLogger({ silent: true });
const key = (name: string) => ({ namespace: 'ns', name });
const unused = (): never => {
  throw new Error('not used here');
};
const configMap = (name: string, resourceVersion: string): ConfigMap => ({
  metadata: { ...key(name), uid: name, resourceVersion },
});

let version = 10;
const client: Client = {
  get: unused,
  list: unused,
  getRaw: unused,
  replace: unused,
  apply: unused,
  mergePatch: unused,
  delete: unused,
  create: (_resource, object) =>
    Promise.resolve({ ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } }),
};

let clock: FakeClock;
let stop: AbortController;
let informer: SharedInformer<ConfigMap>;
let channel: ChannelSource;
let running: Promise<void>;
const reported: string[] = [];

const metrics: ControllerMetrics = {
  registered: (name, workers) => reported.push(`registered ${name} ${workers}`),
  activeWorkers: () => {},
  reconciled: (_, result) => reported.push(result),
  reconcileError: (_, { terminal }) => reported.push(terminal ? 'terminal' : 'retriable'),
  reconcileTimeout: () => reported.push('timeout'),
  staleCacheSkip: () => reported.push('stale'),
  queueAdd: () => {},
  queueRetry: () => {},
  queueWait: () => {},
  queueWork: () => {},
};

beforeEach(() => {
  clock = new FakeClock();
  stop = new AbortController();
  channel = channelSource();
  informer = new SharedInformer({ name: 'configmaps', resource: configMaps, options: {}, freeze: true, log });
  running = Promise.resolve();
  reported.length = 0;
});
afterEach(async () => {
  stop.abort(new Error('test over'));
  await running;
});

function start(reconcile: Reconcile, options: Partial<ControllerOptions> = {}): void {
  const cache = { informersOf: () => [informer] };
  const controller = createController(
    { name: 'test', reconcile, sources: [channel], ...options },
    { client, cache, clock, log, metrics },
  );
  running = controller.start(stop.signal);
}

test('workers begin when the informers have synced, with what the list found', async () => {
  const seen: string[] = [];
  start(
    ({ name }) => {
      seen.push(name);
      return Promise.resolve({});
    },
    { sources: [watchSource(informer), channel] },
  );
  channel.trigger(key('early'));
  await clock.advance(1_000);
  assert.deepEqual(seen, []);
  informer.replace([configMap('a', '1')], '1');
  await clock.advance(1_000);
  await until(() => seen.length === 2);
  assert.deepEqual(seen, ['early', 'a']);
});

test('a key is with one worker at a time; different keys run beside each other', async () => {
  const active = new Map<string, number>();
  let most = 0;
  let passes = 0;
  const endings: (() => void)[] = [];
  start(
    async ({ name }) => {
      active.set(name, (active.get(name) ?? 0) + 1);
      assert.equal(active.get(name), 1);
      most = Math.max(
        most,
        [...active.values()].reduce((sum, n) => sum + n, 0),
      );
      await new Promise<void>((resolve) => endings.push(resolve));
      active.set(name, 0);
      passes++;
      return {};
    },
    { concurrency: 2 },
  );
  for (const name of ['a', 'b', 'c', 'a', 'b', 'c']) channel.trigger(key(name));
  await until(() => endings.length === 2);
  channel.trigger(key('a'));
  for (let end = 0; end < 4; end++) {
    await until(() => endings.length > end);
    endings[end]?.();
  }
  await until(() => passes === 4);
  assert.equal(most, 2);
});

test('a failed pass is retried, at first soon; a success starts over; a conflict is no drama', async () => {
  const outcomes: (Error | undefined)[] = [
    new Error('one'),
    new ApiError({ message: 'conflict', status: 409, reason: 'Conflict' }),
    undefined,
    new Error('two'),
    undefined,
  ];
  let passes = 0;
  start(() => {
    const outcome = outcomes[passes++];
    return outcome === undefined ? Promise.resolve({}) : Promise.reject(outcome);
  });
  const delays: number[] = [];
  const nextDelay = async (): Promise<void> => {
    const before = passes;
    await until(() => clock.pending().length > 0);
    const [delay = 0] = clock.pending();
    delays.push(delay);
    await clock.advance(delay);
    await until(() => passes === before + 1);
  };
  channel.trigger(key('a'));
  await until(() => passes === 1);
  await nextDelay();
  await nextDelay();
  await until(() => reported.includes('success'));
  channel.trigger(key('a'));
  await until(() => passes === 4);
  await nextDelay();
  assert.deepEqual(delays, [5, 10, 5]);
});

test('a reconciler that throws before its first await is a failed pass, nothing worse', async () => {
  start(() => {
    throw new Error('sync');
  });
  channel.trigger(key('a'));
  await until(() => clock.pending().length === 1);
  assert.deepEqual(reported, ['registered test 10', 'error', 'retriable']);
});

test('a terminal failure waits for the next event', async () => {
  let passes = 0;
  start(() => {
    passes++;
    return Promise.reject(new TerminalError('SPEC_IMPOSSIBLE', 'cannot be'));
  });
  channel.trigger(key('a'));
  await until(() => reported.includes('terminal'));
  await clock.advance(3_600_000);
  assert.equal(passes, 1);
  channel.trigger(key('a'));
  await until(() => passes === 2);
});

test('a server that asks us to stay away is not asked before', async () => {
  start(() => Promise.reject(new ApiError({ message: 'slow down', status: 429, retryAfterMs: 7_000 })));
  channel.trigger(key('a'));
  await until(() => clock.pending().length === 1);
  assert.deepEqual(clock.pending(), [7_000]);
});

test('a pass that asks to come back comes back then', async () => {
  let passes = 0;
  start(() => Promise.resolve(passes++ === 0 ? { requeueAfterMs: 30_000 } : {}));
  channel.trigger(key('a'));
  await until(() => clock.pending().length === 1);
  await clock.advance(29_999);
  assert.equal(passes, 1);
  await clock.advance(1);
  await until(() => passes === 2);
  assert.deepEqual(reported.slice(1), ['requeue_after', 'success']);
});

test('a requeue time that is not a number is a failure, not a busy loop', async () => {
  start(() => Promise.resolve({ requeueAfterMs: Number.NaN }));
  channel.trigger(key('a'));
  await until(() => reported.includes('retriable'));
});

test('a pass that takes too long is told to end', async () => {
  let reason: Error | undefined;
  start(
    (_key, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reason = abortReason(signal);
          reject(reason);
        });
      }),
    { timeoutMs: 1_000 },
  );
  channel.trigger(key('a'));
  await until(() => clock.pending().length === 1);
  await clock.advance(1_000);
  await until(() => reported.includes('retriable'));
  assert.equal((reason as { code?: string } | undefined)?.code, 'RECONCILE_TIMEOUT');
  assert.deepEqual(reported.slice(1, 3), ['timeout', 'error']);
});

test('shutdown ends the passes under way, takes no further key and resolves when all is quiet', async () => {
  const ended: string[] = [];
  start(
    ({ name }, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          ended.push(name);
          reject(abortReason(signal));
        });
      }),
    { concurrency: 1 },
  );
  channel.trigger(key('a'));
  channel.trigger(key('b'));
  await until(() => clock.pending().length === 1);
  stop.abort(new Error('SIGTERM'));
  await running;
  assert.deepEqual([ended, clock.pending()], [['a'], []]);
});

test('the next pass waits until the cache has seen what this one wrote, so nothing is made twice', async () => {
  informer.replace([], '10');
  version = 10;
  let created = 0;
  let passes = 0;
  const reconcile = async (_: ObjectKey, context: Parameters<Reconcile>[1]) => {
    passes++;
    if (informer.get(key('child')) === undefined) {
      created++;
      await context.client.create(configMaps, { metadata: key('child') });
    }
    return {};
  };
  start(reconcile);
  channel.trigger(key('a'));
  await until(() => passes === 1);
  channel.trigger(key('a'));
  await until(() => reported.includes('stale'));
  await clock.advance(500);
  assert.equal(passes, 1);
  informer.observe({ type: 'ADDED', object: configMap('child', '11') }, '11');
  await clock.advance(50);
  await until(() => passes === 2);
  assert.equal(created, 1);
});

test('passes over one key keep their distance when told to; other keys do not wait', async () => {
  const starts: string[] = [];
  start(
    ({ name }) => {
      starts.push(`${name} ${clock.monotonic()}`);
      return Promise.resolve({});
    },
    { minIntervalMs: 1_000 },
  );
  channel.trigger(key('a'));
  await until(() => starts.length === 1);
  await clock.advance(400);
  channel.trigger(key('a'));
  channel.trigger(key('a'));
  channel.trigger(key('b'));
  await until(() => starts.length === 2 && clock.pending().length === 1);
  await clock.advance(600);
  await until(() => starts.length === 3);
  assert.deepEqual(starts, ['a 0', 'b 400', 'a 1000']);
});
