import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { newPassword } from '#test/database-server.ts';
import { type PostgresServer, startPostgres } from '#test/postgresql-server.ts';
import { never } from '#test/sql/engine.ts';
import type { Driver } from '../driver.ts';
import { openPostgres } from './driver.ts';

suite('a PostgreSQL whose administrator is no superuser', () => {
  let server: PostgresServer;
  let driver: Driver;
  let serial = 0;
  let tenant = { schema: '', user: '', password: '' };
  before(async () => {
    server = await startPostgres();
    const password = newPassword();
    await server.query(`CREATE ROLE managed LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
    await server.query('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC');
    await server.query('GRANT CREATE ON DATABASE postgres TO managed');
    const basicAuth = { username: 'managed', password };
    const tls = { ca: server.authority.certificatePem };
    driver = openPostgres({ driver: 'PostgreSQL', endpoints: [server.endpoint], tls, basicAuth, fingerprint: '' });
  });
  beforeEach(() => {
    serial += 1;
    tenant = { schema: `schema-${serial}`, user: `user${serial}`, password: newPassword() };
  });
  after(async () => {
    driver.close();
    await server.stop();
  });

  const asTenant = (statement: string) =>
    server.query(statement, { database: tenant.schema, user: tenant.user, password: tenant.password });
  const names = async (): Promise<readonly unknown[]> => {
    const rows = await server.query(
      'SELECT datname AS name FROM pg_database UNION ALL SELECT rolname FROM pg_roles ORDER BY 1',
    );
    return rows.map(({ name }) => name);
  };

  test('lacks no right, and its store is known by a mark', async () => {
    const first = await driver.probe(never);
    assert.deepEqual(first.missingRights, []);
    assert.match(first.identity, /^postgresql-[0-9a-f]{8}-[0-9a-f-]{27}$/u);
    assert.equal((await driver.probe(never)).identity, first.identity);
  });

  test('tenants are made, counted and dropped', async () => {
    const before = await names();
    await driver.ensureTenant(tenant, never);
    await driver.ensureTenant(tenant, never);
    await asTenant('CREATE TABLE kine (id int, name text)');
    assert.ok((await driver.usage(tenant, never)).bytes > 0);
    assert.deepEqual(await driver.isolationProblems(never), []);
    await driver.dropTenant(tenant, never);
    assert.deepEqual(await names(), before);
  });

  // What a crash after each statement of ensureTenant leaves.
  const steps: readonly (readonly [left: string, undo: (database: string) => readonly string[]])[] = [
    ['the role without its database', (database) => [`DROP DATABASE "${database}"`]],
    ['a database that nobody may enter yet', (database) => [`ALTER DATABASE "${database}" ALLOW_CONNECTIONS false`]],
    [
      'a database that is closed and open to everyone',
      (database) => [
        `ALTER DATABASE "${database}" ALLOW_CONNECTIONS false`,
        `GRANT ALL ON DATABASE "${database}" TO PUBLIC`,
      ],
    ],
  ];
  for (const [left, undo] of steps) {
    test(`a crash that left ${left} is got over`, async () => {
      await driver.ensureTenant(tenant, never);
      for (const statement of undo(tenant.schema)) await server.query(statement);
      await driver.ensureTenant(tenant, never);
      await asTenant('CREATE TABLE kine (id int)');
      assert.deepEqual(await driver.isolationProblems(never), []);
    });
    test(`a tenant of which a crash left ${left} is dropped`, async () => {
      const before = await names();
      await driver.ensureTenant(tenant, never);
      for (const statement of undo(tenant.schema)) await server.query(statement);
      await driver.dropTenant(tenant, never);
      assert.deepEqual(await names(), before);
    });
  }

  test('a drop that crashed after locking the tenant out is finished by the next one, or taken back', async () => {
    const before = await names();
    await driver.ensureTenant(tenant, never);
    await server.query(`ALTER ROLE ${tenant.user} NOLOGIN`);
    await driver.ensureTenant(tenant, never);
    await asTenant('SELECT 1');
    await server.query(`ALTER ROLE ${tenant.user} NOLOGIN`);
    await driver.dropTenant(tenant, never);
    assert.deepEqual(await names(), before);
  });

  test('what upstream Kamaji made is taken up by the password that its Secret has, and by no other', async () => {
    await server.query(`CREATE ROLE ${tenant.user} LOGIN PASSWORD '${tenant.password}'`);
    await server.query(`CREATE DATABASE "${tenant.schema}" OWNER ${tenant.user}`);
    await server.query(`GRANT ${tenant.user} TO managed`);
    const stranger = { ...tenant, password: newPassword() };
    await assert.rejects(driver.ensureTenant(stranger, never), { code: 'NameConflict' });
    await driver.dropTenant(tenant, never);
    await asTenant('SELECT 1');
    await driver.ensureTenant(tenant, never);
    await asTenant('CREATE TABLE kine (id int)');
    // From then on its password may change.
    tenant = stranger;
    await driver.ensureTenant(tenant, never);
    await asTenant('SELECT 1');
    await driver.dropTenant(tenant, never);
    assert.ok(!(await names()).includes(tenant.schema));
  });
});

suite('a PostgreSQL under its superuser', () => {
  let server: PostgresServer;
  let driver: Driver;
  before(async () => {
    server = await startPostgres();
    driver = openPostgres({
      driver: 'PostgreSQL',
      endpoints: [server.endpoint],
      tls: { ca: server.authority.certificatePem },
      basicAuth: server.administrator,
      fingerprint: '',
    });
  });
  after(async () => {
    driver.close();
    await server.stop();
  });

  test('addresses that need no password are told of', async () => {
    const lines = ['hostssl all all 127.0.0.1/32 scram-sha-256', 'host all all 192.0.2.0/24 trust'];
    await server.admit(lines);
    const problems = await driver.isolationProblems(never);
    assert.match(problems.map(({ summary }) => summary).join(), /line 2 of pg_hba.conf .* 192\.0\.2\.0/u);
  });

  test('a server that wants a client certificate is reached with one, and refuses without', async () => {
    const { issue } = await import('#pki/authority.ts');
    await server.admit(['hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca']);
    await assert.rejects(server.query('SELECT 1'), /client certificate/u);
    const { certificatePem: certificate, privateKeyPem: key } = await issue({
      authority: server.authority,
      subject: { commonName: 'manager' },
      usages: ['clientAuth'],
      validityMs: 3_600_000,
      now: new Date(),
    });
    const config = {
      driver: 'PostgreSQL',
      endpoints: [server.endpoint],
      basicAuth: server.administrator,
      fingerprint: '',
    } as const;
    const tls = { ca: server.authority.certificatePem, client: { certificate, key } };
    const armed = openPostgres({ ...config, tls });
    await armed.probe(never);
    armed.close();
    const bare = openPostgres({ ...config, tls: { ca: server.authority.certificatePem } });
    await assert.rejects(bare.probe(never), { code: 'AuthenticationFailed' });
    bare.close();
  });
});
