import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withBreaker } from './breaker.ts';
import type { Driver, ProbeResult } from './driver.ts';
import { DataStoreError, type DataStoreErrorCode } from './errors.ts';

const signal = new AbortController().signal;
const tenant = { schema: 'one', user: 'one' };
const well: ProbeResult = { version: '1', identity: 'a', authorizationEnabled: true, alarms: [], missingRights: [] };

function failing() {
  const state: { calls: number; code: DataStoreErrorCode | undefined } = { calls: 0, code: undefined };
  const call = async (): Promise<void> => {
    state.calls += 1;
    if (state.code !== undefined) throw new DataStoreError(state.code, 'etcd one: no answer');
  };
  const driver: Driver = {
    driver: 'etcd',
    probe: async () => (await call(), well),
    ensureTenant: call,
    dropTenant: call,
    usage: async () => (await call(), { keys: 0, bytes: 0 }),
    isolationProblems: async () => [],
    close() {},
  };
  return { state, driver: withBreaker(driver) };
}

test('a store that was silent for one tenant is not waited for by the next, until it answers a probe', async () => {
  const { state, driver } = failing();
  state.code = 'Timeout';
  await assert.rejects(driver.ensureTenant(tenant, signal), /no answer$/u);
  state.code = undefined;
  const calls = [
    () => driver.ensureTenant(tenant, signal),
    () => driver.dropTenant(tenant, signal),
    () => driver.usage(tenant, signal),
  ];
  for (const call of calls) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof DataStoreError);
      assert.equal(error.code, 'Timeout');
      assert.match(error.message, /not asked again until it answers a probe/u);
      return true;
    });
  }
  assert.equal(state.calls, 1);
  await driver.probe(signal);
  await driver.ensureTenant(tenant, signal);
  assert.equal(state.calls, 3);
});

test('a store that refuses is asked again, since that costs nobody time', async () => {
  const { state, driver } = failing();
  for (const code of ['ConnectionRefused', 'PermissionDenied', 'NameConflict'] as const) {
    state.code = code;
    await assert.rejects(driver.dropTenant(tenant, signal));
  }
  state.code = undefined;
  await driver.dropTenant(tenant, signal);
  assert.equal(state.calls, 4);
});
