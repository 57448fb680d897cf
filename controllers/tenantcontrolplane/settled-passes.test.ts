import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addonVersions } from '#addons/versions.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import { address, tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import type { Gathered } from './gather.ts';
import type { Settled } from './settled-passes.ts';
import { SettledPasses, worldOf } from './settled-passes.ts';

const MINUTE_MS = 60_000;
const at = (ms: number): Date => new Date(ms);

/** What was found, with certificates due at these times. */
const settled = (...renewals: readonly (Date | undefined)[]): Settled => ({
  endpoint: {
    address,
    service: {},
  },
  caCertificatesPem: 'pem',
  renewals,
});

suite('a control plane with which everything is in order', () => {
  test('is gone through again when something in its world has changed, and when that cannot be told', () => {
    const passes = new SettledPasses();
    const found = settled();
    const [one, two] = [{}, {}];
    passes.note('uid', [one, 'text'], found, at(0));
    assert.equal(passes.recall('uid', [one, 'text'], at(1)), found);
    const others = [[two, 'text'], [one, 'other'], [one], [one, 'text', two], ['text', one], undefined];
    for (const world of others) assert.equal(passes.recall('uid', world, at(1)), undefined);
    assert.equal(passes.recall('another uid', [one, 'text'], at(1)), undefined);
    passes.forget('uid');
    assert.equal(passes.recall('uid', [one, 'text'], at(1)), undefined);
  });

  test('is gone through again when a certificate is due, and every half hour', () => {
    const passes = new SettledPasses();
    const world = ['all'];
    passes.note('due soon', world, settled(undefined, at(5 * MINUTE_MS), at(9 * MINUTE_MS)), at(0));
    passes.note('due late', world, settled(at(90 * MINUTE_MS)), at(0));
    passes.note('overdue', world, settled(at(-1)), at(0));
    const isSettled = (uid: string, ms: number): boolean => passes.recall(uid, world, at(ms)) !== undefined;
    assert.deepEqual([isSettled('due soon', 5 * MINUTE_MS - 1), isSettled('due soon', 5 * MINUTE_MS)], [true, false]);
    assert.deepEqual([isSettled('due late', 30 * MINUTE_MS - 1), isSettled('due late', 30 * MINUTE_MS)], [true, false]);
    assert.equal(isSettled('overdue', 0), false);
  });
});

suite('the world of a control plane', () => {
  const object = (name: string): KubeObject => ({ metadata: { name } });
  const world: Gathered = {
    tenantControlPlane: tenant(),
    names: namesOfControlPlane('demo'),
    dataStores: [],
    secrets: new Map([['ca', object('ca')]]),
    absentSecrets: new Set(),
    configMaps: new Map([['egress', object('egress')]]),
    addonVersions: { versions: addonVersions('v1.35.4') },
    managerCertificate: object('manager'),
    service: object('service'),
    deployment: undefined,
    podDisruptionBudget: object('budget'),
    networkPolicy: object('policy'),
    exposure: { ingress: object('ingress'), route: undefined, konnectivityRoute: undefined },
    pods: [],
  };
  const isSame = (changed: Partial<Gathered>, others = ['store']): boolean => {
    const passes = new SettledPasses();
    passes.note('uid', worldOf(world, ['store']), settled(), at(0));
    return passes.recall('uid', worldOf({ ...world, ...changed }, others), at(1)) !== undefined;
  };

  test('is another one when any object of it has changed, or is there no more', () => {
    const { tenantControlPlane } = world;
    const changes: readonly Partial<Gathered>[] = [
      { tenantControlPlane: { ...tenantControlPlane } },
      { secrets: new Map([['ca', object('ca')]]) },
      { secrets: new Map() },
      { configMaps: new Map([['egress', object('egress')]]) },
      { managerCertificate: object('manager') },
      { service: undefined },
      { deployment: object('deployment') },
      { podDisruptionBudget: object('budget') },
      { networkPolicy: object('policy') },
      { exposure: { ingress: undefined, route: undefined, konnectivityRoute: undefined } },
      { pods: [object('pod')] },
    ];
    assert.deepEqual(
      changes.filter((change) => isSame(change)),
      [],
    );
    assert.ok(!isSame({}, ['store with other credentials']));
    assert.ok(isSame({ secrets: new Map(world.secrets) }), 'the same objects');
  });
});
