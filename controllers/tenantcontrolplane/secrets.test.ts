import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { annotations, labels } from '#api/labels.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secretText } from '#runtime/client/secret-data.ts';
import { checksumOf, isOfUser, secretObject } from './secrets.ts';
import type { SecretDraft } from './secrets.ts';

const draft: SecretDraft = { name: 'demo-ca', component: 'ca', data: { one: '1', two: 'zwei ü' } };

suite('a Secret of a control plane', () => {
  test('belongs to it and carries its data as they can be read again', () => {
    const secret = secretObject(tenant(), draft, undefined);
    assert.equal(secretText(secret, 'two'), 'zwei ü');
    assert.equal(secretText(secret, 'three'), undefined);
    assert.deepEqual(secret.metadata?.labels, {
      [labels.project]: 'kamaji',
      [labels.name]: 'demo',
      [labels.component]: 'ca',
    });
    assert.deepEqual(
      secret.metadata?.ownerReferences?.map(({ uid, controller }) => [uid, controller]),
      [[tenant().metadata.uid, true]],
    );
    assert.equal(secret.metadata?.annotations?.[annotations.checksum], checksumOf(draft.data));
    assert.equal(secret.type, 'Opaque');
  });

  test('keeps the type that it has, since that can never change', () => {
    const typed = { ...draft, type: 'cluster.x-k8s.io/secret' };
    assert.equal(secretObject(tenant(), typed, undefined).type, 'cluster.x-k8s.io/secret');
    assert.equal(secretObject(tenant(), typed, { type: 'Opaque' }).type, 'Opaque');
  });

  test('keeps the time of its last rotation, and forgets a request only by having it granted', () => {
    const live = (value: string): Secret => ({ metadata: { annotations: { [annotations.rotate]: value } } });
    const rotated = (from: SecretDraft, before?: Secret) =>
      secretObject(tenant(), from, before).metadata?.annotations?.[annotations.rotate];
    assert.equal(rotated(draft), undefined);
    assert.equal(rotated(draft, live('2026-01-01T00:00:00Z')), '2026-01-01T00:00:00Z');
    assert.equal(rotated(draft, live('')), undefined);
    assert.equal(rotated({ ...draft, rotatedAt: '2026-02-02T00:00:00Z' }, live('')), '2026-02-02T00:00:00Z');
  });

  test('is the user’s when it came without our label, also after it has got it', () => {
    const found: Secret = { metadata: { name: 'demo-ca' } };
    assert.equal(isOfUser(found), true);
    assert.equal(isOfUser(secretObject(tenant(), { ...draft, ofUser: true }, found)), true);
    assert.equal(isOfUser(secretObject(tenant(), draft, undefined)), false);
    assert.equal(isOfUser(undefined), false);
  });
});

test('a checksum depends on keys and values, not on their order, and fits a label', () => {
  const sum = checksumOf({ a: '1', b: '2' });
  assert.equal(checksumOf({ b: '2', a: '1' }), sum);
  assert.match(sum, /^[0-9a-f]{32}$/u);
  const others = [{ a: '1' }, { a: '1', b: '3' }, { a: '1', c: '2' }, { a: '1b', '': '2' }, {}].map(checksumOf);
  assert.equal(new Set([sum, ...others]).size, 6);
});
