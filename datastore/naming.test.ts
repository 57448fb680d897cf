import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertTenantNames, defaultTenantNames } from './naming.ts';
import type { DriverName } from './driver.ts';
import { DataStoreError } from './errors.ts';

const uid = '0f3b2c1d-aaaa-4bbb-8ccc-1234567890ab';

test('default names fit every kind of store', () => {
  const names = defaultTenantNames(uid);
  assert.deepEqual(names, { schema: uid, user: '0f3b2c1daaaa4bbb8ccc1234567890ab' });
  for (const driver of ['etcd', 'PostgreSQL', 'MySQL', 'NATS'] as const) assertTenantNames(driver, names);
});

test('names that upstream Kamaji generated are still taken', () => {
  assertTenantNames('etcd', { schema: 'tenants_team-a.prod', user: 'tenants_team-a.prod' });
});

const refused: readonly [reason: string, driver: DriverName, schema: string, user: string][] = [
  ['a longer user than MariaDB has room for', 'MySQL', 'schema', 'u'.repeat(81)],
  ['a longer schema than PostgreSQL has room for', 'PostgreSQL', 's'.repeat(64), 'user'],
  ['capitals, which kine does not ask for', 'PostgreSQL', 'Schema', 'user'],
  ['a quote', 'PostgreSQL', 'a"; DROP DATABASE b; --', 'user'],
  ['a backquote', 'MySQL', 'schema', 'a`b'],
  ['a percent sign', 'MySQL', 'a%', 'user'],
  ['a line feed at the end', 'etcd', 'schema\n', 'user'],
  ['a NUL', 'etcd', 'schema\0', 'user'],
  ['a slash, which nests prefixes', 'etcd', 'a/b', 'user'],
  ['a dot in a NATS bucket', 'NATS', 'a.b', 'user'],
  ['a leading hyphen', 'etcd', '-a', 'user'],
  ['a parent directory', 'etcd', '..', 'user'],
  ['the empty name', 'etcd', '', 'user'],
  ['the administrator', 'etcd', 'schema', 'root'],
  ['the administrator in capitals', 'MySQL', 'schema', 'ROOT'],
  ['a system database', 'MySQL', 'mysql', 'user'],
  ['the database of our own marks', 'MySQL', 'kamaji', 'user'],
];
for (const [reason, driver, schema, user] of refused) {
  test(`${driver} refuses ${reason}`, () => {
    assert.throws(
      () => assertTenantNames(driver, { schema, user }),
      (error) => error instanceof DataStoreError && error.code === 'InvalidName',
    );
  });
}
