import assert from 'node:assert/strict';
import { type TestContext, suite, test } from 'node:test';
import { FakeClock } from '../clock.fake.ts';
import { createLogger } from '../telemetry/logger.ts';
import { type HealthCheck, createHealthServer } from './health.ts';

async function serve(t: TestContext, clock: FakeClock, readyChecks: Record<string, HealthCheck> = {}) {
  const server = createHealthServer({ host: '127.0.0.1', port: 0, clock, log: createLogger(), readyChecks });
  await server.listen();
  t.after(() => server.close(AbortSignal.abort()));
  return async (path: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(`http://127.0.0.1:${server.port()}${path}`);
    return { status: response.status, text: await response.text() };
  };
}

suite('health server', () => {
  test('is ready when every check passes', async (t) => {
    const get = await serve(t, new FakeClock(), { caches: () => undefined });
    assert.deepEqual(await get('/readyz'), { status: 200, text: 'ok' });
    assert.deepEqual(await get('/readyz?verbose'), { status: 200, text: '[+]ping ok\n[+]caches ok\n' });
  });

  test('names what is not ready', async (t) => {
    const reject = async (): Promise<undefined> => {
      throw new Error('no certificate yet');
    };
    const get = await serve(t, new FakeClock(), { caches: () => 'Secrets have not synced', webhook: reject });
    const text = '[+]ping ok\n[-]caches failed: Secrets have not synced\n[-]webhook failed: no certificate yet\n';
    assert.deepEqual(await get('/readyz'), { status: 500, text });
    assert.equal((await get('/readyz/ping')).status, 200);
    assert.equal((await get('/readyz/caches')).status, 500);
  });

  test('knows no other paths', async (t) => {
    const get = await serve(t, new FakeClock());
    for (const path of ['/', '/metrics', '/readyz/nothing', '/constructor'])
      assert.equal((await get(path)).status, 404);
  });

  test('is unhealthy after the event loop was stuck, and well again when it turns', async (t) => {
    const clock = new (class extends FakeClock {
      stuckMs = 0;
      override monotonic(): number {
        return super.monotonic() + this.stuckMs;
      }
    })();
    const get = await serve(t, clock);
    await clock.advance(3_000);
    assert.equal((await get('/healthz')).status, 200);
    clock.stuckMs = 7_000;
    const stuck = await get('/healthz');
    assert.equal(stuck.status, 500);
    assert.match(stuck.text, /stuck for \d+ ms/);
    await clock.advance(3_000);
    assert.equal((await get('/healthz')).status, 200);
  });
});
