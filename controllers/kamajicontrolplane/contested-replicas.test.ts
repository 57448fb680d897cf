import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Reader } from '#runtime/client/client.ts';
import type { KubeObject, ManagedFields } from '#runtime/client/resource.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { CONTESTED_MS, ContestedReplicas } from './contested-replicas.ts';
import { FIELD_MANAGER } from './field-manager.ts';

const { signal } = new AbortController();
const others = { 'f:spec': { 'f:kubernetes': {} } };
const replicas = { 'f:spec': { 'f:controlPlane': { 'f:deployment': { 'f:replicas': {} } } } };

suite('who else decides the number of pods of a control plane', () => {
  const ours = (fieldsV1: object): ManagedFields => ({ manager: FIELD_MANAGER, operation: 'Apply', fieldsV1 });
  const theirs = (fieldsV1: object): ManagedFields => ({
    manager: 'kube-controller-manager',
    operation: 'Update',
    subresource: 'scale',
    fieldsV1,
  });
  const cases: readonly [why: string, live: number, managedFields: ManagedFields[], name: string | undefined][] = [
    ['an autoscaler has taken the number from us', 5, [ours(others), theirs(replicas)], 'kube-controller-manager'],
    ['it is ours that is to change', 3, [ours({ ...others, ...replicas })], undefined],
    ['a copy of the object was made with it', 3, [ours({ ...others, ...replicas }), theirs(replicas)], undefined],
    ['nothing was ever applied by us, as after an adoption', 3, [theirs({ ...others, ...replicas })], undefined],
    ['somebody has written something else', 3, [ours(replicas), theirs(others)], undefined],
    ['it is as wanted', 2, [ours(others), theirs(replicas)], undefined],
  ];
  for (const [why, live, managedFields, name] of cases) {
    test(`${name ?? 'nobody'}: ${why}`, async () => {
      const contested = new ContestedReplicas(new FakeClock());
      await contested.look(tenant(live), tenant(2), answering(tenant(live, managedFields)), signal);
      assert.equal(contested.of(tenant(2))?.name, name);
    });
  }

  test('nobody asks the API server while the numbers are the same', async () => {
    const contested = new ContestedReplicas(new FakeClock());
    const never: Pick<Reader, 'get'> = { get: () => Promise.reject(new Error('asked')) };
    await contested.look(tenant(2), tenant(2), never, signal);
    assert.equal(contested.of(tenant(2)), undefined);
  });

  test('is told for a while after the last time, of that control plane only', async () => {
    const clock = new FakeClock();
    const contested = new ContestedReplicas(clock);
    const present = answering(tenant(5, [ours(others), theirs(replicas)]));
    await contested.look(tenant(5), tenant(2), present, signal);
    await clock.advance(CONTESTED_MS - 1_000);
    await contested.look(tenant(5), tenant(2), present, signal);
    await clock.advance(CONTESTED_MS - 1_000);
    assert.equal(contested.of(tenant(2))?.forMs, 1_000);
    const { metadata, ...rest } = tenant(2);
    assert.equal(contested.of({ ...rest, metadata: { ...metadata, uid: 'another' } }), undefined);
    await clock.advance(1_000);
    assert.equal(contested.of(tenant(2)), undefined);
  });
});

function tenant(count: number, managedFields?: ManagedFields[]): TenantControlPlane {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { namespace: 'team', name: 'shop', uid: 'uid-1', ...(managedFields && { managedFields }) },
    spec: {
      controlPlane: { service: { serviceType: 'ClusterIP' }, deployment: { replicas: count } },
      kubernetes: { version: 'v1.35.4', kubelet: {} },
    },
  };
}

function answering(object: KubeObject): Pick<Reader, 'get'> {
  // The client trusts the server as to the kind, and so does this stand-in.
  return { get: async <T extends KubeObject>() => object as T };
}
