import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { ConnectionConfig } from '#datastore/connection.ts';
import type { Driver } from '#datastore/driver.ts';
import { newAuthority, newPassword } from '../database-server.ts';
import { configOf, type Engine, type EngineServer, failsWith, never, opener } from './engine.ts';

/** What a store does when its server is in trouble. */
export function testFaults(engine: Engine): void {
  suite(`a ${engine.driver} in trouble`, () => {
    let server: EngineServer;
    const drivers = opener(engine);
    before(async () => {
      server = await engine.start();
    });
    after(async () => {
      drivers.closeAll();
      await server.stop();
    });

    const opened = (more: Partial<ConnectionConfig> = {}, options: { readonly timeoutMs?: number } = {}): Driver =>
      drivers.open(configOf(server, engine.driver, more), options);

    test('nobody listens: refused at once', async () => {
      const driver = opened({ endpoints: ['127.0.0.1:1'] });
      await assert.rejects(driver.probe(never), failsWith('ConnectionRefused', server.administrator.password));
    });

    test('an unknown host is named as such', async () => {
      const driver = opened({ endpoints: ['database.invalid:5432'] });
      await assert.rejects(driver.probe(never), failsWith('NameResolutionFailed'));
    });

    test('a wrong password is an authentication failure that does not repeat it', async () => {
      const password = newPassword();
      const driver = opened({ basicAuth: { username: server.administrator.username, password } });
      await assert.rejects(driver.probe(never), failsWith('AuthenticationFailed', password));
    });

    test('another authority, another address or an expired certificate fails the handshake', async () => {
      const foreign = await newAuthority();
      const distrustful = opened({ tls: { ca: foreign.certificatePem } });
      await assert.rejects(distrustful.probe(never), failsWith('TLSFailed'));
      for (const certificate of [
        { notAfter: new Date(Date.now() - 3_600_000) },
        { ipAddresses: ['192.0.2.1'] },
        { authority: foreign },
      ]) {
        await server.present(certificate);
        const driver = opened();
        await assert.rejects(driver.probe(never), failsWith('TLSFailed', server.administrator.password));
      }
      await server.present({});
      const driver = opened();
      await driver.probe(never);
    });

    test('a server that does not insist on TLS is reached without', async () => {
      const { tls: _, ...plain } = configOf(server, engine.driver);
      const bare = drivers.open(plain);
      await bare.probe(never);
    });

    test('a restart, graceful or not, is got over by the kept connections', async () => {
      const driver = opened();
      const tenant = { schema: 'restarted', user: 'restarted', password: newPassword() };
      await driver.ensureTenant(tenant, never);
      for (const signal of ['SIGINT', 'SIGKILL'] as const) {
        await server.end(engine.driver === 'MySQL' && signal === 'SIGINT' ? 'SIGTERM' : signal);
        await assert.rejects(driver.probe(never), failsWith('ConnectionRefused'));
        await server.start();
        await driver.probe(never);
        await server.as(tenant, 'SELECT 1');
      }
      await driver.dropTenant(tenant, never);
    });

    test('a server that answers nothing is given up, and used again once it answers', async () => {
      const driver = opened({}, { timeoutMs: 1_000 });
      await driver.probe(never);
      await server.freeze();
      await assert.rejects(driver.probe(never), failsWith('Timeout'));
      await assert.rejects(driver.isolationProblems(AbortSignal.timeout(200)), /aborted due to timeout/u);
      await server.thaw();
      await driver.probe(never);
    });

    test('with several addresses the one that serves is used', async () => {
      const driver = opened({ endpoints: ['127.0.0.1:1', server.endpoint] });
      await driver.probe(never);
    });

    test('a server whose connections are all taken says so', async () => {
      await using crowded = await engine.start(engine.connectionLimitSettings);
      const tenant = { schema: 'crowd', user: 'crowd', password: newPassword() };
      const first = drivers.open(configOf(crowded, engine.driver));
      await first.ensureTenant(tenant, never);
      first.close();
      const sessions: { close(): void }[] = [];
      // Until the server refuses another one.
      for (;;) {
        const session = await crowded.holdSession(tenant).catch(() => undefined);
        if (session === undefined) break;
        sessions.push(session);
      }
      const basicAuth = { username: tenant.user, password: tenant.password };
      const driver = drivers.open(configOf(crowded, engine.driver, { basicAuth }));
      await assert.rejects(driver.probe(never), failsWith('Unavailable', tenant.password));
      for (const session of sessions) session.close();
    });
  });
}
