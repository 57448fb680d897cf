import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Driver, TenantUsage } from '#datastore/driver.ts';
import { DataStoreError } from '#datastore/errors.ts';
import { UsageBook } from '#datastore/usage-book.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { measureUsage, usageStatus } from './phases/usage.ts';

const signal = new AbortController().signal;
const MiB = 2 ** 20;

function tenant(name: string): TenantControlPlane {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { namespace: 'a', name, uid: name },
    spec: { controlPlane: { service: { serviceType: 'ClusterIP' } }, kubernetes: { version: 'v1.35.4', kubelet: {} } },
    status: { storage: { setup: { schema: name, user: name } } },
  };
}

const many = (count: number) => Array.from({ length: count }, (_, index) => tenant(`t${index}`));

function storeOf(usage: (schema: string) => Promise<TenantUsage>) {
  const asked: string[] = [];
  const unused = () => Promise.reject(new Error('not used here'));
  const driver: Driver = {
    driver: 'etcd',
    probe: unused,
    ensureTenant: unused,
    dropTenant: unused,
    isolationProblems: unused,
    usage: ({ schema }) => {
      asked.push(schema);
      return usage(schema);
    },
    close() {},
  };
  return { asked, driver };
}

suite('how much tenants have on a store', () => {
  test('is asked of a share of them in each pass, and of each one every five minutes', async () => {
    const tenants = many(60);
    const book = new UsageBook();
    const clock = new FakeClock();
    const { asked, driver } = storeOf(async () => ({ keys: 1, bytes: 1 }));
    const pass = () => measureUsage({ dataStoreName: 'one', tenants, driver, book, clock, signal });
    for (let count = 0; count < 30; count += 1) {
      await pass();
      assert.equal(asked.length, (count + 1) * 2);
      await clock.advance(9_000);
    }
    assert.equal(new Set(asked).size, 60);
    await pass();
    assert.equal(asked.length, 60);
    await clock.advance(300_000);
    await pass();
    assert.deepEqual(asked.slice(60), asked.slice(0, 2));
  });

  test('is asked again soon of a tenant that had nothing yet, and then as rarely as of all', async () => {
    const clock = new FakeClock();
    let keys = 0;
    const { asked, driver } = storeOf(async () => ({ keys, bytes: keys }));
    const input = { dataStoreName: 'one', tenants: many(1), driver, book: new UsageBook(), clock, signal };
    await measureUsage(input);
    await clock.advance(20_000);
    keys = 300;
    await measureUsage(input);
    assert.equal(input.book.of('one').get('a/t0')?.keys, 300);
    await clock.advance(20_000);
    await measureUsage(input);
    assert.equal(asked.length, 2);
  });

  test('is forgotten of tenants that are gone', async () => {
    const book = new UsageBook();
    const clock = new FakeClock();
    const { driver } = storeOf(async () => ({ keys: 1, bytes: 1 }));
    await measureUsage({ dataStoreName: 'one', tenants: many(1), driver, book, clock, signal });
    assert.deepEqual(book.dataStores(), ['one']);
    await measureUsage({ dataStoreName: 'one', tenants: [], driver, book, clock, signal });
    assert.deepEqual(book.dataStores(), []);
  });

  test('costs one failed call in a pass when the store refuses', async () => {
    const { asked, driver } = storeOf(() => Promise.reject(new DataStoreError('Timeout', 'no answer')));
    const input = {
      dataStoreName: 'one',
      tenants: many(90),
      driver,
      book: new UsageBook(),
      clock: new FakeClock(),
      signal,
    };
    assert.equal((await measureUsage(input))?.code, 'Timeout');
    assert.equal(asked.length, 1);
  });
});

suite('what the status of a DataStore says of usage', () => {
  const bookOf = (bytes: readonly number[]) =>
    new Map(bytes.map((value, index) => [`a/t${index}`, { keys: value / 1_000, bytes: value, at: 0 }]));

  test('is the sum and the largest twenty, of however many', () => {
    const sizes = Array.from({ length: 500 }, (_, index) => (index + 1) * MiB);
    const status = usageStatus(undefined, many(500), bookOf(sizes));
    assert.equal(status?.bytes, (500 * 501 * MiB) / 2);
    assert.deepEqual([status?.largest?.length, status?.largest?.[0]?.tenantControlPlane], [20, 'a/t499']);
    assert.ok(JSON.stringify(status).length < 4_000);
  });

  test('is not written anew for what comes and goes', () => {
    const tenants = many(2);
    const before = usageStatus(undefined, tenants, bookOf([100 * MiB, 50 * MiB]));
    assert.equal(usageStatus(before, tenants, bookOf([105 * MiB, 48 * MiB])), before);
    assert.notEqual(usageStatus(before, tenants, bookOf([120 * MiB, 50 * MiB])), before);
    assert.notEqual(usageStatus(before, tenants, bookOf([100 * MiB, 60 * MiB])), before);
  });

  test('is not written anew while young tenants get their machines and first pods', () => {
    const young = (keys: readonly number[]) =>
      new Map(keys.map((count, index) => [`a/t${index}`, { keys: count, bytes: count * 800, at: 0 }]));
    const before = usageStatus(undefined, many(2), young([250, 180]));
    assert.equal(usageStatus(before, many(2), young([410, 320])), before);
    assert.notEqual(usageStatus(before, many(2), young([1_500, 320])), before);
  });

  test('follows a tenant that comes or goes', () => {
    const before = usageStatus(undefined, many(2), bookOf([MiB, MiB]));
    assert.deepEqual(
      usageStatus(before, many(1), bookOf([MiB]))?.largest?.map(({ tenantControlPlane }) => tenantControlPlane),
      ['a/t0'],
    );
    assert.equal(usageStatus(before, many(3), bookOf([MiB, MiB, MiB]))?.largest?.length, 3);
    assert.deepEqual(usageStatus(before, [], new Map()), { keys: 0, bytes: 0, largest: [] });
  });

  test('is no news of a tenant that has nothing there yet', () => {
    assert.equal(usageStatus(undefined, many(1), bookOf([0])), undefined);
    const before = usageStatus(undefined, many(1), bookOf([MiB]));
    assert.equal(usageStatus(before, many(2), bookOf([MiB, 0])), before);
    assert.equal(usageStatus(before, many(2), bookOf([MiB, MiB]))?.largest?.length, 2);
  });

  test('stays until a process that has just started knows all of them', () => {
    const before = usageStatus(undefined, many(2), bookOf([100 * MiB, 50 * MiB]));
    assert.equal(usageStatus(before, many(2), bookOf([100 * MiB])), before);
    assert.equal(usageStatus(undefined, many(2), bookOf([100 * MiB])), undefined);
  });
});
