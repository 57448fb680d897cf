import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { authorizeTenant } from './authorize-tenant.ts';

const UID = tenant().metadata.uid ?? '';
const creation = { verb: 'create', group: '', resource: 'pods', subresource: '' };
const { signal } = new AbortController();

function limited(): TenantControlPlane {
  const { spec, ...rest } = tenant();
  return { ...rest, spec: { ...spec, writePermissions: { blockCreation: true } } };
}

function manager(clock = new FakeClock()) {
  const present = [limited()];
  return authorizeTenant({ byIndex: (_index, uid) => present.filter(({ metadata }) => metadata.uid === uid) }, clock);
}

suite('the manager, asked about a write', () => {
  test('answers by the spec of the tenant that the certificate names', async () => {
    const judge = manager();
    assert.match(
      (await judge(creation, signal, UID)).refusal ?? '',
      /blockCreation of TenantControlPlane tenants\/demo/,
    );
    assert.deepEqual(await judge({ ...creation, verb: 'update' }, signal, UID), {});
  });

  test('refuses who is nobody that it knows', async () => {
    for (const client of ['', 'other']) {
      assert.match((await manager()(creation, signal, client)).refusal ?? '', /not known/);
    }
  });

  test('keeps a tenant waiting that goes on trying, and no other', async () => {
    const clock = new FakeClock();
    const judge = manager(clock);
    for (let count = 0; count < 100; count++) await judge(creation, signal, UID);
    let answered = false;
    const slowed = judge(creation, signal, UID).then(() => (answered = true));
    await judge(creation, signal, 'other');
    await clock.advance(1_400);
    assert.equal(answered, false);
    await clock.advance(200);
    await slowed;
    await judge(creation, signal, UID);
  });
});
