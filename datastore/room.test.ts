import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '#runtime/clock.fake.ts';
import type { Driver, ProbeResult } from './driver.ts';
import { DataStoreError, type DataStoreErrorCode } from './errors.ts';
import { DISK_FULL, withRoom } from './room.ts';

const signal = new AbortController().signal;
const tenant = { schema: 'one', user: 'one' };
const well: ProbeResult = { version: '1', identity: 'a', authorizationEnabled: true, alarms: [], missingRights: [] };

function store(probed: ProbeResult = well) {
  const state: { tries: number; code: DataStoreErrorCode | undefined } = { tries: 0, code: undefined };
  const call = async (): Promise<void> => {
    if (state.code !== undefined) throw new DataStoreError(state.code, 'PostgreSQL one: could not extend file');
  };
  const driver: Driver = {
    driver: 'PostgreSQL',
    probe: async () => probed,
    ensureTenant: call,
    dropTenant: call,
    usage: async () => ({ keys: 0, bytes: 0 }),
    isolationProblems: async () => [],
    async tryRoom() {
      state.tries += 1;
      await call();
    },
    close() {},
  };
  const clock = new FakeClock();
  return { state, clock, driver: withRoom(driver, clock) };
}

test('a store is asked whether it has room once a minute, and with every probe while it has none', async () => {
  const { state, clock, driver } = store();
  for (let second = 0; second < 60; second += 10) {
    assert.deepEqual((await driver.probe(signal)).alarms, []);
    await clock.advance(10_000);
  }
  assert.equal(state.tries, 1);
  state.code = 'QuotaExceeded';
  for (const tries of [2, 3]) {
    assert.deepEqual((await driver.probe(signal)).alarms, [`${DISK_FULL}: PostgreSQL one: could not extend file`]);
    assert.equal(state.tries, tries);
  }
  state.code = undefined;
  assert.deepEqual((await driver.probe(signal)).alarms, []);
  await driver.probe(signal);
  assert.equal(state.tries, 4);
});

test('a tenant that could not be made for want of room has the next probe look', async () => {
  const { state, driver } = store();
  await driver.probe(signal);
  state.code = 'QuotaExceeded';
  await assert.rejects(driver.ensureTenant(tenant, signal), /could not extend file/u);
  assert.equal((await driver.probe(signal)).alarms.length, 1);
});

test('a failure of another kind says nothing about room', async () => {
  const { state, driver } = store();
  state.code = 'Unavailable';
  assert.deepEqual((await driver.probe(signal)).alarms, []);
});

test('an administrator who lacks rights is not asked to try', async () => {
  const { state, driver } = store({ ...well, missingRights: ['CREATE'] });
  await driver.probe(signal);
  assert.equal(state.tries, 0);
});
