import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { ConnectionConfig, TlsMaterial } from '#datastore/connection.ts';
import type { DataStoreErrorCode } from '#datastore/errors.ts';
import { DataStoreError } from '#datastore/errors.ts';
import { issue } from '#pki/authority.ts';
import { newAuthority, newPassword } from '../database-server.ts';
import { configOf, type Engine, type EngineServer, failsWith, never, opener } from './engine.ts';

/** What a store does that lets its administrator in by password and client certificate only. */
export function testClientCertificate(engine: Engine): void {
  suite(`a ${engine.driver} that wants a certificate of its administrator`, () => {
    let server: EngineServer;
    const drivers = opener(engine);
    before(async () => {
      server = await engine.start();
      await server.demandCertificate();
    });
    after(async () => {
      drivers.closeAll();
      await server.stop();
    });

    const certificateOf = async (authority = server.authority): Promise<NonNullable<TlsMaterial['client']>> => {
      const subject = { commonName: server.administrator.username };
      const pair = await issue({
        authority,
        subject,
        usages: ['clientAuth'],
        validityMs: 3_600_000,
        now: new Date(),
      });
      return { certificate: pair.certificatePem, key: pair.privateKeyPem };
    };
    const showing = (client?: TlsMaterial['client']): ConnectionConfig => {
      const ca = server.authority.certificatePem;
      return configOf(server, engine.driver, { tls: client === undefined ? { ca } : { ca, client } });
    };

    test('lets it in with one', async () => {
      const driver = drivers.open(showing(await certificateOf()));
      assert.deepEqual((await driver.probe(never)).missingRights, []);
    });

    test('takes a tenant, which needs none', async () => {
      const driver = drivers.open(showing(await certificateOf()));
      const tenant = { schema: 'plain', user: 'plain', password: newPassword() };
      await driver.ensureTenant(tenant, never);
      await server.as(tenant, 'CREATE TABLE kine (id INT PRIMARY KEY)');
      await driver.dropTenant(tenant, never);
    });

    test('refuses it without one, and says so', async () => {
      const driver = drivers.open(showing());
      await assert.rejects(driver.probe(never), failsWith('AuthenticationFailed', server.administrator.password));
    });

    test('refuses it with one of another authority', async () => {
      const driver = drivers.open(showing(await certificateOf(await newAuthority())));
      const expected: readonly DataStoreErrorCode[] = ['TLSFailed', 'AuthenticationFailed'];
      await assert.rejects(driver.probe(never), (error) => {
        assert.ok(error instanceof DataStoreError && expected.includes(error.code), String(error));
        return true;
      });
    });
  });
}
