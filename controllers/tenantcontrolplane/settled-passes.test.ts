import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addonVersions } from '#addons/versions.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import type { Gathered } from './gather.ts';
import type { Settled } from './settled-passes.ts';
import { SettledPasses, worldOf } from './settled-passes.ts';

const MINUTE_MS = 60_000;
const at = (ms: number): Date => new Date(ms);

suite('a control plane with which everything is in order', () => {
  const settled = (...renewals: readonly (Date | undefined)[]): Settled => ({
    endpoint: {
      address: {
        address: '192.0.2.10',
        port: 6443,
        endpoint: '192.0.2.10:6443',
        advertiseAddress: '192.0.2.10',
        advertisedEndpoint: '192.0.2.10:6443',
      },
      service: {},
    },
    caCertificatesPem: 'pem',
    renewals,
  });

  test('is gone through again when something in its world has changed, and when that cannot be told', () => {
    const passes = new SettledPasses();
    const found = settled();
    passes.note('uid', 'world', found, at(0));
    assert.equal(passes.recall('uid', 'world', at(1)), found);
    for (const world of ['another world', undefined]) assert.equal(passes.recall('uid', world, at(1)), undefined);
    assert.equal(passes.recall('another uid', 'world', at(1)), undefined);
    passes.forget('uid');
    assert.equal(passes.recall('uid', 'world', at(1)), undefined);
  });

  test('is gone through again when a certificate is due, and every half hour', () => {
    const passes = new SettledPasses();
    passes.note('due soon', 'world', settled(undefined, at(5 * MINUTE_MS), at(9 * MINUTE_MS)), at(0));
    passes.note('due late', 'world', settled(at(90 * MINUTE_MS)), at(0));
    passes.note('overdue', 'world', settled(at(-1)), at(0));
    const isSettled = (uid: string, ms: number): boolean => passes.recall(uid, 'world', at(ms)) !== undefined;
    assert.deepEqual([isSettled('due soon', 5 * MINUTE_MS - 1), isSettled('due soon', 5 * MINUTE_MS)], [true, false]);
    assert.deepEqual([isSettled('due late', 30 * MINUTE_MS - 1), isSettled('due late', 30 * MINUTE_MS)], [true, false]);
    assert.equal(isSettled('overdue', 0), false);
  });
});

suite('the world of a control plane', () => {
  const object = (name: string, resourceVersion = '1'): KubeObject => ({
    metadata: { name, uid: `uid of ${name}`, resourceVersion },
  });
  const base = tenant();
  const world: Gathered = {
    tenantControlPlane: { ...base, metadata: { ...base.metadata, uid: 'uid', resourceVersion: '1' } },
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
  const name = (changed: Partial<Gathered> = {}, others: readonly string[] = ['store']): string | undefined =>
    worldOf({ ...world, ...changed }, [object('store')], others);

  test('is another one when any object of it is there in another version, or is there no more', () => {
    const changes: readonly Partial<Gathered>[] = [
      { tenantControlPlane: { ...base, metadata: { ...base.metadata, uid: 'uid', resourceVersion: '2' } } },
      { secrets: new Map([['ca', object('ca', '2')]]) },
      { secrets: new Map() },
      { configMaps: new Map([['egress', object('egress', '2')]]) },
      { managerCertificate: object('manager', '2') },
      { service: undefined },
      { podDisruptionBudget: object('budget', '2') },
      { networkPolicy: object('policy', '2') },
      { exposure: { ingress: undefined, route: undefined, konnectivityRoute: undefined } },
      { pods: [{ metadata: { name: 'pod', uid: 'uid of pod', resourceVersion: '1' } }] },
    ];
    const worlds = [name(), ...changes.map((change) => name(change)), name({}, ['store with other credentials'])];
    assert.equal(new Set(worlds).size, worlds.length);
    assert.equal(name(), name({ secrets: new Map([['ca', object('ca')]]) }), 'the same in the same versions');
  });

  test('has no name where something of it cannot be told by its version', () => {
    assert.equal(name({ service: { metadata: { name: 'service' } } }), undefined);
    assert.equal(name({ absentSecrets: new Set(['ca']) }), undefined);
  });
});
