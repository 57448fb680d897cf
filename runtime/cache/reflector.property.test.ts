import { test } from 'node:test';
import * as fc from 'fast-check';
import { propertyRuns } from '#test/property.ts';
import { CacheUnderFaults } from './cache-under-faults.fake.ts';
import type { FrontEnd, Step } from './cache-under-faults.fake.ts';

type ListFault = Extract<Step, { kind: 'list fault' }>['fault'];
type StreamFault = Extract<Step, { kind: 'stream fault' }>['fault'];

const names = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
const write = fc.record({
  kind: fc.constant('write' as const),
  name: names,
  what: fc.constantFrom('create', 'create', 'update', 'update', 'label', 'delete', 'replace'),
});
const refusals = fc.constantFrom<ListFault>(
  { kind: 'status', code: 410 },
  { kind: 'status', code: 429, retryAfterSeconds: 7 },
  { kind: 'status', code: 500 },
  { kind: 'status', code: 503, body: 'no upstream' },
  { kind: 'status', code: 403 },
  { kind: 'reset' },
  { kind: 'refuse' },
  { kind: 'silence' },
  { kind: 'cut' },
);
const listFault = fc.record({
  kind: fc.constant('list fault' as const),
  fault: fc.oneof(
    { weight: 4, arbitrary: refusals },
    { weight: 1, arbitrary: fc.constantFrom<ListFault>({ kind: 'slow', chunks: 3, everyMs: 5_000 }) },
  ),
  continuing: fc.boolean(),
});
const watchFault = fc.record({
  kind: fc.constant('watch fault' as const),
  fault: refusals,
});
const streamFault = fc.record({
  kind: fc.constant('stream fault' as const),
  at: fc.constantFrom('now' as const, 'next' as const),
  fault: fc
    .tuple(
      fc.constantFrom<StreamFault['kind']>(
        'watch-end',
        'watch-reset',
        'watch-silence',
        'watch-truncated',
        'watch-duplicate',
        'watch-withheld',
        'watch-error',
      ),
      fc.integer({ min: 0, max: 3 }),
    )
    .map(([kind, afterEvents]): StreamFault => ({ kind, afterEvents })),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: write },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(1, 900, 5_000, 31_000, 200_000) }),
  },
  { weight: 2, arbitrary: listFault },
  { weight: 2, arbitrary: watchFault },
  { weight: 3, arbitrary: streamFault },
  { weight: 1, arbitrary: fc.constant({ kind: 'compact' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'subscribe' as const }) },
);

const script = fc.record({
  early: fc.array(write, { maxLength: 8 }),
  steps: fc.array(step, { maxLength: 40, size: 'max' }),
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  // Numbers around 2^53 are where arithmetic in JavaScript would go wrong.
  firstRevision: fc.constantFrom('0', '9007199254740985'),
});

type Script = typeof script extends fc.Arbitrary<infer S> ? S : never;

async function run(frontEnd: FrontEnd, { early, steps, seed, firstRevision }: Script): Promise<void> {
  await using cache = await CacheUnderFaults.start(frontEnd, { early, seed, firstRevision });
  for (const one of steps) await cache.take(one);
  await cache.comeToRest();
  cache.check();
}

test('after any script of changes and faults the cache is the store, and every handler knows it from its events', async () => {
  await fc.assert(
    fc.asyncProperty(script, (value) => run('in process', value)),
    propertyRuns(60),
  );
});

test('the same over HTTP', async () => {
  await fc.assert(
    fc.asyncProperty(script, (value) => run('HTTP', value)),
    propertyRuns(6),
  );
});
