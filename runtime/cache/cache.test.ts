import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { createLogger } from 'winston';
import type { Logger } from 'winston';
import { configMaps } from '../client/builtin.ts';
import type { ConfigMap } from '../client/builtin.ts';
import { createTransport } from '../client/transport.ts';
import type { Transport } from '../client/transport.ts';
import { FakeClock, until } from '../clock.fake.ts';
import { createCache } from './cache.ts';
import type { Cache, Informer, InformerEvent } from './informer.ts';

/** One answer to the next request of its kind; requests beyond the script are left without answer. */
type Answer = (response: ServerResponse, query: URLSearchParams) => void;

interface Request {
  readonly watch: boolean;
  readonly query: URLSearchParams;
  readonly accept: string | undefined;
}

/** An API server that answers lists and watches of one kind as the test tells it, over real HTTP. */
class ScriptedServer {
  readonly requests: Request[] = [];
  /** Watches that are open now, the newest last. */
  readonly watches: ServerResponse[] = [];
  readonly #lists: Answer[] = [];
  readonly #watches: Answer[] = [];
  readonly #server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://server').searchParams;
    const watch = query.get('watch') === 'true';
    this.requests.push({ watch, query, accept: request.headers.accept });
    (watch ? this.#watches : this.#lists).shift()?.(response, query);
  });

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  list(...answers: Answer[]): void {
    this.#lists.push(...answers);
  }

  watch(...answers: Answer[]): void {
    this.#watches.push(...answers);
  }

  /** A watch that stays open; the test writes to it. */
  open(): Answer {
    return (response) => {
      response.flushHeaders();
      this.watches.push(response);
    };
  }

  count(watch: boolean): number {
    return this.requests.filter((request) => request.watch === watch).length;
  }
}

const page =
  (items: readonly object[], resourceVersion: string, next = ''): Answer =>
  (response) =>
    response.end(JSON.stringify({ metadata: { resourceVersion, continue: next }, items }));

const failure =
  (code: number, reason: string, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end(JSON.stringify({ kind: 'Status', code, reason, message: reason }));

const object = (
  name: string,
  resourceVersion: string,
  data: ConfigMap['data'] = {},
  uid = `uid-${name}`,
): ConfigMap => ({
  metadata: { namespace: 'ns', name, uid, resourceVersion, labels: { app: 'x' } },
  data,
});

const line = (type: string, body: object): string => `${JSON.stringify({ type, object: body })}\n`;
const bookmark = (resourceVersion: string): string => line('BOOKMARK', { metadata: { resourceVersion } });

let server: ScriptedServer;
let transport: Transport;
let clock: FakeClock;
let stop: AbortController;
let running: Promise<void> = Promise.resolve();
let cache: Cache;
const errors: unknown[][] = [];
const log: Logger = createLogger({ silent: true });
log.error = ((...args: unknown[]) => {
  errors.push(args);
  return log;
}) as Logger['error'];

beforeEach(async () => {
  server = new ScriptedServer();
  transport = createTransport({ server: await server.start() });
  clock = new FakeClock();
  stop = new AbortController();
  errors.length = 0;
  cache = createCache({ transport, clock, random: () => 0.5, log });
});
afterEach(async () => {
  stop.abort(new Error('test over'));
  await running;
  await transport.close();
  await server.stop();
});

function start(): void {
  running = cache.start(stop.signal);
}

/** What a subscriber saw, in short. */
function recorded(informer: Informer<ConfigMap>): string[] {
  const seen: string[] = [];
  informer.subscribe((event) => seen.push(shortly(event)));
  return seen;
}

function shortly(event: InformerEvent<ConfigMap>): string {
  const { name, resourceVersion } = event.object.metadata ?? {};
  const suffix = event.type === 'updated' ? ` from ${event.old.metadata?.resourceVersion}` : '';
  return `${event.type}${event.type === 'added' && event.initial ? ' initially' : ''} ${name}@${resourceVersion}${suffix}`;
}

const names = (informer: Informer<ConfigMap>): string[] =>
  informer.list().map((item) => `${item.metadata?.name}@${item.metadata?.resourceVersion}`);

test('a list comes in pages and is in the cache when the cache says it has synced', async () => {
  server.list(page([object('a', '1')], '5', 'next'), page([object('b', '2')], '5'));
  server.watch(server.open());
  const informer = cache.informer(configMaps, { labelSelector: 'app=x' });
  const seen = recorded(informer);
  assert.equal(informer.hasSynced(), false);
  start();
  await cache.waitForSync(stop.signal);
  assert.deepEqual(seen, ['added initially a@1', 'added initially b@2']);
  assert.deepEqual([informer.hasSynced(), informer.observedResourceVersion()], [true, '5']);
  await until(() => server.count(true) === 1);
  const [first, second, watch] = server.requests.map(({ query }) => Object.fromEntries(query));
  assert.deepEqual(first, { labelSelector: 'app=x', limit: '500' });
  assert.deepEqual(second, { labelSelector: 'app=x', limit: '500', continue: 'next' });
  assert.deepEqual(watch, {
    labelSelector: 'app=x',
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: '5',
    timeoutSeconds: '450',
  });
});

/** Waits until a failure has been met with a delay (a watch's own timer is far longer), and lets that pass. */
async function backedOff(): Promise<void> {
  await until(() => clock.pending().some((ms) => ms <= 30_000));
  await clock.advance(30_000);
}

/** A synced informer with one object `a@1` at resourceVersion 5 and an open watch. */
async function synced(): Promise<{ informer: Informer<ConfigMap>; seen: string[]; watch: ServerResponse }> {
  server.list(page([object('a', '1')], '5'));
  server.watch(server.open());
  const informer = cache.informer(configMaps, {
    indexes: { colour: (item) => (item.data?.['colour'] === undefined ? [] : [item.data['colour']]) },
  });
  const seen = recorded(informer);
  start();
  await until(() => server.watches.length === 1);
  seen.length = 0;
  const [watch] = server.watches;
  if (watch === undefined) throw new Error('no watch');
  return { informer, seen, watch };
}

test('events change the cache, its indexes and what subscribers are told', async () => {
  const { informer, seen, watch } = await synced();
  watch.write(line('ADDED', object('b', '6', { colour: 'red' })));
  watch.write(line('MODIFIED', object('b', '7', { colour: 'blue' })) + line('DELETED', object('a', '8')));
  await until(() => informer.observedResourceVersion() === '8');
  assert.deepEqual(seen, ['added b@6', 'updated b@7 from 6', 'deleted a@8']);
  assert.deepEqual(names(informer), ['b@7']);
  assert.deepEqual(informer.byIndex('colour', 'red'), []);
  assert.equal(informer.byIndex('colour', 'blue').length, 1);
  assert.equal(informer.get({ namespace: 'ns', name: 'b' })?.kind, 'ConfigMap');
});

test('events cut anywhere, and many in one piece, arrive whole', async () => {
  const { informer, watch } = await synced();
  const text = line('ADDED', object('ü\u2028\r', '6')) + line('ADDED', object('c', '7')) + bookmark('9');
  for (const byte of Buffer.from(text)) {
    watch.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => informer.observedResourceVersion() === '9');
  assert.deepEqual(names(informer), ['a@1', 'ü\u2028\r@6', 'c@7']);
});

test('a subscriber that comes late is told of what is there', async () => {
  const { informer } = await synced();
  assert.deepEqual(recorded(informer), ['added initially a@1']);
});

test('a subscriber that throws hurts nobody else', async () => {
  const { informer, seen, watch } = await synced();
  const quit = informer.subscribe(() => {
    throw new Error('handler');
  });
  const after = recorded(informer);
  watch.write(line('ADDED', object('b', '6')));
  await until(() => seen.length === 1);
  assert.equal(after.at(-1), 'added b@6');
  assert.equal(errors.length, 2);
  quit();
  watch.write(line('ADDED', object('c', '7')));
  await until(() => seen.length === 2);
  assert.equal(errors.length, 2);
});

test('cached objects cannot be changed under test, and carry no managedFields', async () => {
  server.list(page([{ ...object('a', '1'), metadata: { ...object('a', '1').metadata, managedFields: [{}] } }], '5'));
  const informer = cache.informer(configMaps);
  start();
  await cache.waitForSync(stop.signal);
  const [item] = informer.list();
  assert.throws(() => Object.assign(item?.metadata?.labels ?? {}, { app: 'y' }), TypeError);
  assert.equal('managedFields' in (item?.metadata ?? {}), false);
});

test('an object from a watch is frozen as one from a list', async () => {
  const { informer, watch } = await synced();
  watch.write(line('ADDED', object('b', '6', { colour: 'red' })));
  await until(() => informer.observedResourceVersion() === '6');
  const added = informer.get({ namespace: 'ns', name: 'b' });
  assert.throws(() => Object.assign(added?.data ?? {}, { colour: 'blue' }), TypeError);
});

test('outside of tests nothing is spent on freezing', async () => {
  server.list(page([object('a', '1')], '5'));
  cache = createCache({ transport, clock, random: () => 0.5, log, freeze: false });
  const informer = cache.informer(configMaps);
  start();
  await cache.waitForSync(stop.signal);
  assert.equal(Object.isFrozen(informer.list()[0]), false);
});

test('a repeated event and a late one are not told', async () => {
  const { informer, seen, watch } = await synced();
  watch.write(line('MODIFIED', object('a', '7')));
  watch.write(
    line('MODIFIED', object('a', '7')) + line('MODIFIED', object('a', '6')) + line('DELETED', object('a', '6')),
  );
  watch.write(line('DELETED', object('unknown', '8')) + bookmark('9'));
  await until(() => informer.observedResourceVersion() === '9');
  assert.deepEqual(seen, ['updated a@7 from 1']);

  seen.length = 0;
  watch.write(line('DELETED', object('a', '10')) + line('MODIFIED', object('a', '7')) + bookmark('11'));
  await until(() => informer.observedResourceVersion() === '11');
  assert.deepEqual(seen, ['deleted a@10']);
});

test('an object made anew under its old name is told as two objects', async () => {
  const { informer, seen, watch } = await synced();
  watch.write(line('MODIFIED', object('a', '7', {}, 'another')));
  await until(() => informer.observedResourceVersion() === '7');
  assert.deepEqual(seen, ['deleted a@1', 'added a@7']);
});

test('a watch that the server ends is taken up where it ended, without a list', async () => {
  const { informer, watch } = await synced();
  server.watch(server.open(), server.open());
  watch.end(line('ADDED', object('b', '6')));
  await until(() => server.watches.length === 2);
  // The bookmark alone moves the position on.
  server.watches[1]?.end(bookmark('20'));
  await until(() => server.watches.length === 3);
  const positions = server.requests.filter(({ watch }) => watch).map(({ query }) => query.get('resourceVersion'));
  assert.deepEqual(positions, ['5', '6', '20']);
  assert.equal(server.count(false), 1);
  assert.deepEqual(names(informer), ['a@1', 'b@6']);
});

test('a reset connection, a cut event and an event that is no JSON are survived', async () => {
  const { informer, watch } = await synced();
  const cuts: readonly ((response: ServerResponse) => void)[] = [
    (response) => response.socket?.resetAndDestroy(),
    (response) => response.end('{"type":"ADDED","object":{"met'),
    (response) => response.write('{"type":\n'),
  ];
  watch.write(line('ADDED', object('b', '6')));
  await until(() => informer.observedResourceVersion() === '6');
  for (const [round, cut] of cuts.entries()) {
    server.watch(server.open());
    const open = server.watches.at(-1);
    if (open === undefined) throw new Error('no watch');
    cut(open);
    await backedOff();
    await until(() => server.watches.length === round + 2);
  }
  const positions = server.requests.filter(({ watch }) => watch).map(({ query }) => query.get('resourceVersion'));
  assert.deepEqual(positions, ['5', '6', '6', '6']);
  assert.equal(server.count(false), 1);
});

test('a position that the server has forgotten leads to a new list, told as differences', async () => {
  const { informer, seen, watch } = await synced();
  watch.write(line('ADDED', object('b', '6')) + line('ADDED', object('c', '7')));
  await until(() => informer.observedResourceVersion() === '7');
  seen.length = 0;
  server.list(page([object('a', '1'), object('c', '30'), object('d', '31')], '40'));
  server.watch(server.open());
  watch.write(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }));
  await backedOff();
  await until(() => server.watches.length === 2);
  assert.deepEqual(seen, ['deleted b@6', 'updated c@30 from 7', 'added d@31']);
  assert.equal(server.requests.at(-1)?.query.get('resourceVersion'), '40');
  assert.deepEqual(names(informer), ['a@1', 'c@30', 'd@31']);
});

test('a watch refused as too old waits before it lists again', async () => {
  server.list(page([], '5'), page([], '6'));
  server.watch(failure(410, 'Expired'), server.open());
  cache.informer(configMaps);
  start();
  await until(() => clock.pending().length === 1);
  assert.equal(server.count(false), 1);
  await clock.advance(400);
  await until(() => server.watches.length === 1);
  assert.equal(server.count(false), 2);
});

test('a position forgotten over a long outage is listed anew at once, not after the delay of the outage', async () => {
  const outage = Array.from({ length: 6 }, () => failure(503, 'ServiceUnavailable'));
  server.list(page([], '5'), page([], '6'));
  server.watch(...outage, failure(410, 'Expired'), server.open());
  cache.informer(configMaps);
  start();
  for (const round of outage.keys()) {
    await until(() => clock.pending().length === 1 && server.count(true) === round + 1);
    await clock.advance(clock.pending()[0] ?? 0);
  }
  await until(() => clock.pending().length === 1 && server.count(true) === outage.length + 1);
  assert.deepEqual(clock.pending(), [400]);
  await clock.advance(400);
  await until(() => server.watches.length === 1);
});

test('a server restored from a backup, to which our position lies in the future, is listed again', async () => {
  const { informer, seen, watch } = await synced();
  server.list(page([object('a', '1', { restored: 'yes' }), object('z', '2')], '3'));
  server.watch(
    (response) =>
      response.writeHead(504).end(
        JSON.stringify({
          kind: 'Status',
          code: 504,
          reason: 'Timeout',
          message: 'Too large resource version',
          details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
        }),
      ),
    server.open(),
  );
  watch.end(bookmark('100'));
  await backedOff();
  await until(() => server.watches.length === 2);
  // What has the resourceVersion that it had may have another content now.
  assert.deepEqual(seen, ['updated a@1 from 1', 'added z@2']);
  assert.deepEqual(informer.get({ namespace: 'ns', name: 'a' })?.data, { restored: 'yes' });
  server.watches[1]?.write(line('ADDED', object('y', '4')));
  await until(() => informer.observedResourceVersion() === '4');
});

test('a continue token that the server has forgotten starts the list over', async () => {
  server.list(page([object('a', '1')], '5', 'next'), failure(410, 'Expired'), page([object('b', '6')], '7'));
  const informer = cache.informer(configMaps);
  start();
  await until(() => clock.pending().length === 1);
  assert.equal(informer.hasSynced(), false);
  await clock.advance(400);
  await cache.waitForSync(stop.signal);
  assert.deepEqual(names(informer), ['b@6']);
});

test('a server in trouble is asked less and less often', async () => {
  const troubles = Array.from({ length: 7 }, () => failure(500, 'InternalError'));
  server.list(...troubles, page([], '5'));
  cache.informer(configMaps);
  start();
  const delays: number[] = [];
  for (const round of troubles.keys()) {
    await until(() => clock.pending().length === 1 && server.count(false) === round + 1);
    const [delay = 0] = clock.pending();
    delays.push(delay);
    await clock.advance(delay);
  }
  assert.deepEqual(delays, [400, 800, 1600, 3200, 6400, 12_800, 15_000]);
  await cache.waitForSync(stop.signal);
});

test('a server that says when to come back is believed', async () => {
  server.list(failure(429, 'TooManyRequests', { 'retry-after': '60' }), page([], '5'));
  cache.informer(configMaps);
  start();
  await until(() => clock.pending().length === 1);
  assert.deepEqual(clock.pending(), [60_400]);
});

test('an error in the stream that is no lost position keeps it', async () => {
  const { watch } = await synced();
  server.watch(server.open());
  watch.write(bookmark('9') + line('ERROR', { kind: 'Status', code: 500, reason: 'InternalError' }));
  await backedOff();
  await until(() => server.watches.length === 2);
  assert.equal(server.requests.at(-1)?.query.get('resourceVersion'), '9');
  assert.equal(server.count(false), 1);
});

test('a watch that ends as soon as it began is a failure, not a busy loop', async () => {
  server.list(page([], '5'));
  server.watch((response) => response.end(), server.open());
  cache.informer(configMaps);
  start();
  await until(() => clock.pending().length === 1);
  assert.equal(server.count(true), 1);
  await clock.advance(400);
  await until(() => server.watches.length === 1);
});

test('a half-open connection is noticed by its silence', async () => {
  const { watch } = await synced();
  server.list(page([object('a', '1')], '9'));
  server.watch(server.open());
  await clock.advance(179_000);
  watch.write(bookmark('9'));
  await until(() => server.watches.length === 1 && clock.pending().length === 1);
  // The bookmark counts once it was read; wait for it to be the position.
  await until(() => cache.informersOf(configMaps)[0]?.observedResourceVersion() === '9');
  await clock.advance(179_000);
  assert.equal(server.count(true), 1);
  await clock.advance(1_000);
  await backedOff();
  await until(() => server.watches.length === 2);
  assert.equal(server.requests.at(-1)?.query.get('resourceVersion'), '9');
});

test('a server restored from a backup that takes our position and says nothing is listed again', async () => {
  const { informer, seen, watch } = await synced();
  watch.write(bookmark('100'));
  await until(() => informer.observedResourceVersion() === '100');
  server.list(page([object('z', '2')], '3'));
  server.watch(server.open());
  await clock.advance(180_000);
  await backedOff();
  await until(() => server.watches.length === 2);
  assert.deepEqual(seen, ['deleted a@1', 'added z@2']);
  assert.equal(server.requests.at(-1)?.query.get('resourceVersion'), '3');
});

test('an answer that is no list is a failure, not an empty cluster', async () => {
  server.list((response) => response.end('{}'), page([object('a', '1')], '5'));
  const informer = cache.informer(configMaps);
  start();
  await backedOff();
  await cache.waitForSync(stop.signal);
  assert.deepEqual(names(informer), ['a@1']);
});

test('lists and watches that fail are counted', async () => {
  const counted: string[] = [];
  cache = createCache({
    transport,
    clock,
    random: () => 0.5,
    log,
    metrics: {
      listFinished: (resource, { objects }) => counted.push(`${resource} listed ${objects}`),
      listFailed: (resource) => counted.push(`${resource} list failed`),
      watchEnded: (resource, { failed }) => counted.push(`${resource} watch ${failed ? 'failed' : 'ended'}`),
      objectsHeld: () => {},
    },
  });
  server.list(failure(500, 'InternalError'), page([object('a', '1')], '5'));
  server.watch(failure(403, 'Forbidden'), (response) => response.end(bookmark('6')), server.open());
  cache.informer(configMaps);
  start();
  await backedOff();
  await until(() => server.count(true) === 1);
  await backedOff();
  await until(() => server.watches.length === 1);
  assert.deepEqual(counted, [
    'configmaps list failed',
    'configmaps listed 1',
    'configmaps watch failed',
    'configmaps watch ended',
  ]);
});

test('a metadata-only informer asks for nothing else', async () => {
  server.list(page([{ ...object('a', '1'), kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' }], '5'));
  server.watch(server.open());
  const informer = cache.informer(configMaps, { metadataOnly: true });
  start();
  await until(() => server.watches.length === 1);
  assert.deepEqual(
    server.requests.map(({ accept }) => accept),
    [
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    ],
  );
  assert.equal(informer.list()[0]?.kind, 'ConfigMap');
});

test('a transform keeps what is wanted; one that fails leaves the object out and says so', async () => {
  server.list(page([object('a', '1', { big: 'x' }), object('b', '2')], '5'));
  const informer = cache.informer(configMaps, {
    transform: (item) => {
      if (item.metadata?.name === 'b') throw new Error('transform');
      return { metadata: item.metadata ?? {} };
    },
  });
  start();
  await cache.waitForSync(stop.signal);
  assert.deepEqual(names(informer), ['a@1']);
  assert.equal(informer.list()[0]?.data, undefined);
  assert.equal(errors.length, 1);
});

test('the same selection is one informer with the indexes of both; another selection is another', () => {
  const first = cache.informer(configMaps, { labelSelector: 'a=b', indexes: { one: () => [] } });
  const second = cache.informer(configMaps, { labelSelector: 'a=b', indexes: { two: () => [] } });
  assert.equal(first, second);
  assert.deepEqual([first.byIndex('one', ''), first.byIndex('two', '')], [[], []]);
  const other = cache.informer(configMaps, { labelSelector: 'a=c' });
  assert.notEqual(first, other);
  assert.deepEqual(cache.informersOf(configMaps), [first, other]);
  assert.throws(() => cache.informer(configMaps, { labelSelector: 'a=b', transform: (item) => item }), /transforms/);
  assert.throws(() => cache.informer(configMaps, { labelSelector: 'a=b', optional: true }), /optional/);
});

test('a cache that does not sync in time says what is missing and why', async () => {
  server.list(...Array.from({ length: 50 }, () => failure(403, 'Forbidden')));
  cache.informer(configMaps, { namespace: 'ns' });
  start();
  const waiting = cache.waitForSync(stop.signal);
  const refused = assert.rejects(waiting, {
    code: 'CACHE_NOT_SYNCED',
    message: /v1 configmaps \(namespace ns\): .*403: Forbidden/,
  });
  await until(() => clock.pending().length === 2);
  await clock.advance(120_000);
  await refused;
});

test('waiting ends with its signal, and after the start nothing can be declared', async () => {
  cache.informer(configMaps);
  start();
  const signal = AbortSignal.abort(new Error('enough'));
  await assert.rejects(cache.waitForSync(signal), /enough/);
  assert.throws(() => cache.informer(configMaps), /after the cache was started/);
  await assert.rejects(cache.start(stop.signal), /started before/);
});

test('a stopped cache leaves no timer and no connection', async () => {
  await synced();
  stop.abort(new Error('over'));
  await running;
  assert.deepEqual(clock.pending(), []);
  await until(() => server.watches[0]?.destroyed === true);
});

test('a kind that may be missing is empty until it comes, and again when it has gone', async () => {
  server.list(failure(404, 'NotFound'), page([object('a', '7')], '9'), failure(404, 'NotFound'));
  server.watch(server.open(), failure(404, 'NotFound'));
  const informer = cache.informer(configMaps, { optional: true });
  const seen = recorded(informer);
  start();
  await cache.waitForSync(stop.signal);
  assert.deepEqual(names(informer), []);

  await until(() => clock.pending().length === 1);
  await clock.advance(30_000);
  await until(() => names(informer).length === 1);
  await until(() => server.watches.length === 1);
  server.watches[0]?.end(bookmark('10'));

  await until(() => server.count(true) === 2 && names(informer).length === 0);
  assert.deepEqual(seen, ['added a@7', 'deleted a@7']);
});
