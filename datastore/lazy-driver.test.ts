import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Driver } from './driver.ts';
import { DataStoreError } from './errors.ts';
import { lazyDriver } from './lazy-driver.ts';

const never = new AbortController().signal;

function counting() {
  const seen = { loads: 0, closes: 0, fail: false };
  const driver: Driver = {
    driver: 'NATS',
    probe: () => Promise.reject(new Error('unused')),
    ensureTenant: async () => {},
    dropTenant: async () => {},
    usage: async () => ({ keys: 1, bytes: 2 }),
    isolationProblems: async () => [],
    close: () => {
      seen.closes += 1;
    },
  };
  const lazy = lazyDriver('NATS', async () => {
    seen.loads += 1;
    if (seen.fail) throw new Error('no such module');
    return driver;
  });
  return { seen, lazy };
}

test('the code of a driver is loaded at the first call, once', async () => {
  const { seen, lazy } = counting();
  assert.equal(seen.loads, 0);
  const tenant = { schema: 'one', user: 'one' };
  await Promise.all([lazy.usage(tenant, never), lazy.isolationProblems(never)]);
  assert.deepEqual(await lazy.usage(tenant, never), { keys: 1, bytes: 2 });
  assert.equal(seen.loads, 1);
  lazy.close();
  await assert.rejects(
    lazy.usage(tenant, never),
    (error) => error instanceof DataStoreError && error.code === 'ConnectionRefused',
  );
  assert.equal(seen.closes, 1);
});

test('code that could not be loaded is asked for again', async () => {
  const { seen, lazy } = counting();
  seen.fail = true;
  await assert.rejects(lazy.isolationProblems(never), /no such module/u);
  seen.fail = false;
  await lazy.isolationProblems(never);
  assert.equal(seen.loads, 2);
});

test('a driver that was never called is closed without loading it', () => {
  const { seen, lazy } = counting();
  lazy.close();
  assert.deepEqual(seen, { loads: 0, closes: 0, fail: false });
});
