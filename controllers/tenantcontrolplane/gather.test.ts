import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCache } from '#runtime/cache/cache.ts';
import type { InformerOptions } from '#runtime/cache/informer.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { systemClock } from '#runtime/clock.ts';
import { createApiServer } from '#test/api-server/api-server.ts';
import { createLogger } from 'winston';
import { declareInformers } from './gather.ts';

test('of kinds that others use too nothing is kept in memory but what is ours', () => {
  const transport = createApiServer({ clock: systemClock }).transport();
  const cache = createCache({
    transport,
    clock: systemClock,
    random: Math.random,
    log: createLogger({ silent: true }),
  });
  const unselected = new Set<string>();
  declareInformers(
    {
      ...cache,
      informer: <T extends KubeObject>(resource: Resource<T>, options: InformerOptions<T> = {}) => {
        if (options.labelSelector === undefined && options.fieldSelector === undefined) unselected.add(resource.kind);
        return cache.informer(resource, options);
      },
    },
    'kamaji-system',
  );
  assert.deepEqual([...unselected].sort(), ['DataStore', 'Gateway', 'TenantControlPlane']);
});
