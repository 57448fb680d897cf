import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import type { BootstrapTokenString } from '#bootstrap/bootstrap-token.ts';
import { signClusterInfo } from '#bootstrap/cluster-info.ts';
import type { Client } from '#runtime/client/client.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import { keyOf, keyString } from '#runtime/client/resource.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import type { JoinTokens } from './join-tokens.ts';
import { createJoinTokens, TenantNotPreparedError } from './join-tokens.ts';

const minute = 60_000;
const { signal } = new AbortController();

/** The few calls that tokens need of a tenant's API server. */
class FakeTenantApi {
  readonly objects = new Map<string, KubeObject & { data?: Record<string, string> }>();
  calls: string[] = [];

  client(): Client {
    const api: Pick<Client, 'get' | 'create' | 'mergePatch'> = {
      get: async (_resource, key) => {
        this.calls.push(`get ${keyString(key)}`);
        return this.objects.get(keyString(key)) as never;
      },
      create: async (_resource, object) => {
        this.calls.push(`create ${keyString(keyOf(object))}`);
        this.objects.set(keyString(keyOf(object)), object);
        return object;
      },
      mergePatch: async (_resource, key, patch) => {
        this.calls.push(`patch ${keyString(key)}`);
        const object = this.objects.get(keyString(key));
        Object.assign(object?.data ?? {}, (patch as { data?: object }).data);
        return object as never;
      },
    };
    return api as Client;
  }
}

suite('the token that machines join by', () => {
  let clock: FakeClock;
  let api: FakeTenantApi;
  let tokens: JoinTokens;
  const ensure = (published: BootstrapTokenString | undefined) =>
    tokens.ensure('tenant', published, () => api.client(), signal);

  beforeEach(() => {
    clock = new FakeClock();
    api = new FakeTenantApi();
    api.objects.set('kube-public/cluster-info', { data: { kubeconfig: 'kubeconfig' } });
    tokens = createJoinTokens({ clock });
  });

  test('is made in the tenant, and cluster-info is signed with it', async () => {
    const { token, rotated } = await ensure(undefined);
    assert.equal(rotated, true);
    assert.deepEqual(api.calls, [
      'get kube-public/cluster-info',
      `create kube-system/bootstrap-token-${token.id}`,
      'patch kube-public/cluster-info',
    ]);
    const { data } = api.objects.get('kube-public/cluster-info') ?? {};
    assert.equal(data?.[`jws-kubeconfig-${token.id}`], await signClusterInfo('kubeconfig', token.id, token.secret));
    assert.equal(data?.['kubeconfig'], 'kubeconfig');
  });

  test('costs no request while it is known to last', async () => {
    const { token, recheckAfterMs } = await ensure(undefined);
    api.calls = [];
    await clock.advance(recheckAfterMs - 1);
    assert.deepEqual((await ensure(token)).token, token);
    assert.deepEqual(api.calls, []);
  });

  test('is looked for in the tenant now and then, and made anew when somebody deleted it there', async () => {
    const { token, recheckAfterMs } = await ensure(undefined);
    await clock.advance(recheckAfterMs);
    assert.deepEqual((await ensure(token)).rotated, false);
    api.objects.delete(`kube-system/bootstrap-token-${token.id}`);
    await clock.advance(10 * minute);
    assert.equal((await ensure(token)).rotated, true);
  });

  test('is replaced while more than an hour of it is left, whenever it is asked for', async () => {
    let { token } = await ensure(undefined);
    let replaced = 0;
    let recheckAfterMs = 0;
    for (let elapsed = 0; elapsed < 360 * minute; elapsed += recheckAfterMs) {
      const next = await ensure(token);
      ({ token, recheckAfterMs } = next);
      if (next.rotated) replaced++;
      assert.ok(recheckAfterMs > 0);
      await clock.advance(recheckAfterMs);
      const text = Buffer.from(
        api.objects.get(`kube-system/bootstrap-token-${token.id}`)?.data?.['expiration'] ?? '',
        'base64',
      );
      assert.ok(Date.parse(text.toString()) - clock.now() >= 60 * minute, 'one hour is left at any moment');
    }
    assert.ok(replaced >= 6 && replaced <= 9, `replaced ${replaced} times in six hours`);
  });

  test('is not trusted when the tenant has another secret under its name', async () => {
    const { token } = await ensure(undefined);
    tokens.forget('tenant');
    const forged = { id: token.id, secret: '0123456789abcdef' };
    assert.notDeepEqual((await ensure(forged)).token, forged);
  });

  test('of one tenant says nothing about another', async () => {
    const { token } = await ensure(undefined);
    const other = await tokens.ensure('other', token, () => new FakeTenantApiWithInfo().client(), signal);
    assert.notDeepEqual(other.token, token);
  });

  test('is not made before nodes could use it', async () => {
    api.objects.clear();
    await assert.rejects(ensure(undefined), TenantNotPreparedError);
    assert.deepEqual(api.calls, ['get kube-public/cluster-info']);
  });

  test('cannot be promised with a lifetime that is too short', () => {
    assert.throws(() => createJoinTokens({ clock, lifetime: { ttlMs: 1_000, minimumRemainingMs: 2_000 } }), {
      code: 'TokenLifetimeInvalid',
    });
  });
});

class FakeTenantApiWithInfo extends FakeTenantApi {
  constructor() {
    super();
    this.objects.set('kube-public/cluster-info', { data: { kubeconfig: 'another' } });
  }
}
