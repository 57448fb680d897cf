import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createLogger } from 'winston';
import { SharedInformer } from '../cache/shared-informer.ts';
import { configMaps, secrets } from '../client/builtin.ts';
import type { Secret } from '../client/builtin.ts';
import type { Client } from '../client/client.ts';
import type { KubeObject, Resource } from '../client/resource.ts';
import { FakeClock } from '../clock.fake.ts';
import { ConsistencyGuard } from './consistency-guard.ts';

const log = createLogger({ silent: true });
const key = { namespace: 'ns', name: 'owner' };
const named = (name: string) => ({ namespace: 'ns', name });
const unused = (): never => {
  throw new Error('not used here');
};

let clock: FakeClock;
let version: number;
let informer: SharedInformer<Secret>;
let guard: ConsistencyGuard;
let client: Client;
const signals: (AbortSignal | undefined)[] = [];

/** Stores nothing; gives every written object the next resourceVersion. */
const server: Client = {
  get: unused,
  list: unused,
  getRaw: unused,
  replace: unused,
  create: (_resource, object, options) => {
    signals.push(options?.signal);
    return Promise.resolve(at(object, String(++version)));
  },
  apply: (_resource, object) => Promise.resolve(at(object, String(++version))),
  mergePatch: <T extends KubeObject>(_resource: Resource<T>, name: object, patch: { metadata?: object }) =>
    Promise.resolve(at({ metadata: { ...name, ...patch.metadata } } as unknown as T, String(++version))),
  delete: () => Promise.resolve(true),
};

function at<T extends KubeObject>(object: T, resourceVersion: string): T {
  return { ...object, metadata: { uid: object.metadata?.name ?? '', ...object.metadata, resourceVersion } };
}

const secret = (name: string, metadata: Secret['metadata'] = { labels: { ours: 'yes' } }): Secret => ({
  metadata: { ...named(name), ...metadata },
});
const sees = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Secret, resourceVersion: string): void =>
  informer.observe({ type, object: at(object, resourceVersion) }, resourceVersion);

beforeEach(() => {
  clock = new FakeClock();
  version = 10;
  signals.length = 0;
  informer = new SharedInformer({
    name: 'secrets',
    resource: secrets,
    options: { labelSelector: 'ours=yes' },
    freeze: true,
    log,
  });
  informer.replace([at(secret('old'), '5')], '10');
  const cache = { informersOf: ({ plural }: { plural: string }) => (plural === 'secrets' ? [informer] : []) };
  guard = new ConsistencyGuard({ client: server, cache, clock, log });
  client = guard.bind(key, new AbortController().signal);
});

test('a created object is missing until the cache has seen it', async () => {
  await client.create(secrets, secret('a'));
  assert.equal(guard.missing(key), 'Secret ns/a at 11');
  assert.equal(guard.missing(named('another')), undefined);
  sees('ADDED', secret('a'), '11');
  assert.equal(guard.missing(key), undefined);
});

test('a bookmark beyond the write is as good as its event', async () => {
  await client.apply(secrets, secret('a'), { fieldManager: 'test' });
  informer.observe({ type: 'BOOKMARK', resourceVersion: '100' }, '100');
  assert.equal(guard.missing(key), undefined);
});

test('every write of a pass is waited for', async () => {
  await client.create(secrets, secret('a'));
  await client.create(secrets, secret('b'));
  sees('ADDED', secret('a'), '11');
  assert.equal(guard.missing(key), 'Secret ns/b at 12');
});

test('kinds that are not cached, and objects outside the selection, hold nothing back', async () => {
  await client.create(configMaps, { metadata: named('a') });
  await client.create(secrets, secret('theirs', { labels: {} }));
  assert.equal(guard.missing(key), undefined);
});

test('an object that our write takes out of the selection is waited for', async () => {
  await client.apply(secrets, secret('old', { labels: {} }), { fieldManager: 'test' });
  assert.equal(guard.missing(key), 'Secret ns/old at 11');
  sees('DELETED', secret('old'), '11');
  assert.equal(guard.missing(key), undefined);
});

test('a deletion is seen when the object is gone, is going, or has a successor', async () => {
  await client.delete(secrets, named('old'));
  assert.equal(guard.missing(key), 'deletion of Secret ns/old');
  sees('MODIFIED', secret('old', { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x'] }), '11');
  assert.equal(guard.missing(key), undefined);

  await client.delete(secrets, named('old'));
  sees('DELETED', secret('old'), '12');
  assert.equal(guard.missing(key), undefined);

  sees('ADDED', secret('old', { uid: 'first', labels: { ours: 'yes' } }), '13');
  await client.delete(secrets, named('old'));
  assert.notEqual(guard.missing(key), undefined);
  sees('MODIFIED', secret('old', { uid: 'second', labels: { ours: 'yes' } }), '15');
  assert.equal(guard.missing(key), undefined);
});

test('an object created and deleted in one pass is not taken for there when the creation arrives', async () => {
  await client.create(secrets, secret('brief'));
  await client.delete(secrets, named('brief'));
  assert.notEqual(guard.missing(key), undefined);
  sees('ADDED', secret('brief'), '11');
  assert.equal(guard.missing(key), 'deletion of Secret ns/brief');
  sees('DELETED', secret('brief'), '12');
  assert.equal(guard.missing(key), undefined);
});

test('taking the last finalizer away is a deletion', async () => {
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z', labels: { ours: 'yes' } };
  sees('MODIFIED', secret('old', { ...going, finalizers: ['x'] }), '11');
  version = 5;
  await client.mergePatch(secrets, named('old'), { metadata: { ...going, finalizers: [] } });
  assert.equal(guard.missing(key), 'deletion of Secret ns/old');
  sees('DELETED', secret('old', going), '12');
  assert.equal(guard.missing(key), undefined);
});

test('a cache that does not catch up is waited for 10 s', async () => {
  await client.create(secrets, secret('a'));
  await clock.advance(10_000);
  assert.notEqual(guard.missing(key), undefined);
  await clock.advance(1);
  assert.equal(guard.missing(key), undefined);
});

test('calls end with the pass unless they bring a signal of their own', async () => {
  const pass = new AbortController().signal;
  const own = new AbortController().signal;
  await guard.bind(key, pass).create(secrets, secret('a'));
  await guard.bind(key, pass).create(secrets, secret('b'), { signal: own });
  assert.deepEqual(signals, [pass, own]);
});
