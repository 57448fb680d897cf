import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from 'winston';
import { SharedInformer } from '../cache/shared-informer.ts';
import { deployments, secrets } from '../client/builtin.ts';
import type { Secret } from '../client/builtin.ts';
import { keyString } from '../client/resource.ts';
import type { Source } from './reconciler.ts';
import { channelSource, ownedBy, watchSource } from './sources.ts';

const log = createLogger({ silent: true });
const informer = () => new SharedInformer({ name: 'secrets', resource: secrets, options: {}, freeze: true, log });

function started(source: Source): { woken: string[]; stop: () => void } {
  const woken: string[] = [];
  const stop = source.start((key, options) => woken.push(`${keyString(key)} ${options?.priority}`));
  return { woken, stop };
}

const secret = (name: string, resourceVersion: string, metadata: Secret['metadata'] = {}): Secret => ({
  metadata: { namespace: 'ns', name, resourceVersion, uid: name, ...metadata },
});

const owner = (name: string, apiVersion = 'apps/v1', controller = true) => ({
  ownerReferences: [
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: '1' },
    { apiVersion, kind: 'Deployment', name, uid: '2', controller },
  ],
});

test('what a list finds is less urgent than what happens', () => {
  const secretsSeen = informer();
  const { woken, stop } = started(watchSource(secretsSeen));
  secretsSeen.replace([secret('a', '1')], '5');
  secretsSeen.observe({ type: 'ADDED', object: secret('b', '6') }, '6');
  secretsSeen.observe({ type: 'DELETED', object: secret('a', '7') }, '7');
  stop();
  secretsSeen.observe({ type: 'ADDED', object: secret('c', '8') }, '8');
  assert.deepEqual(woken, ['ns/a -100', 'ns/b 0', 'ns/a 0']);
});

test('a predicate sees both sides of a change', () => {
  const secretsSeen = informer();
  const relabelled = watchSource(secretsSeen, {
    predicate: (event) => event.type !== 'updated' || event.old.metadata?.labels !== event.object.metadata?.labels,
  });
  const { woken } = started(relabelled);
  secretsSeen.replace([secret('a', '1')], '1');
  secretsSeen.observe({ type: 'MODIFIED', object: secret('a', '2') }, '2');
  secretsSeen.observe({ type: 'MODIFIED', object: secret('a', '3', { labels: {} }) }, '3');
  assert.deepEqual(woken, ['ns/a -100', 'ns/a 0']);
});

test('an owned object wakes its owner, also the one it had before', () => {
  const secretsSeen = informer();
  const { woken } = started(ownedBy(secretsSeen, deployments));
  secretsSeen.replace([secret('a', '1', owner('first'))], '1');
  secretsSeen.observe({ type: 'MODIFIED', object: secret('a', '2', owner('second', 'apps/v1beta1')) }, '2');
  secretsSeen.observe({ type: 'ADDED', object: secret('b', '3', owner('x', 'apps/v1', false)) }, '3');
  secretsSeen.observe({ type: 'ADDED', object: secret('c', '4', owner('x', 'example.com/v1')) }, '4');
  secretsSeen.observe({ type: 'ADDED', object: secret('d', '5') }, '5');
  assert.deepEqual(woken, ['ns/first -100', 'ns/first 0', 'ns/second 0']);
});

test('a channel keeps what was triggered before its controller started', () => {
  const channel = channelSource();
  channel.trigger({ name: 'early' }, { priority: 1 });
  channel.trigger({ name: 'early' }, { priority: 2 });
  const { woken, stop } = started(channel);
  channel.trigger({ name: 'a' }, { priority: 3 });
  assert.deepEqual(woken, ['early 2', 'a 3']);
  stop();
  channel.trigger({ name: 'late' });
  assert.deepEqual(started(channel).woken, ['late undefined']);
});
