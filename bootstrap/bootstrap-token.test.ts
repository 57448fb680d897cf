import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import {
  bootstrapTokenSecret,
  decideTokenRotation,
  formatBootstrapToken,
  generateBootstrapToken,
  readBootstrapToken,
} from './bootstrap-token.ts';

const NOW = new Date('2026-11-22T10:00:00.250Z');
const MINUTE = 60_000;
const after = (minutes: number): Date => new Date(NOW.getTime() + minutes * MINUTE);

test('a token is of the form that kubeadm takes and lasts two hours', () => {
  const token = generateBootstrapToken(NOW);
  assert.match(formatBootstrapToken(token), /^[a-z0-9]{6}\.[a-z0-9]{16}$/);
  assert.deepEqual(token.expiration, after(120));
  assert.notEqual(formatBootstrapToken(generateBootstrapToken(NOW)), formatBootstrapToken(token));
});

test('every character of a token is drawn from the whole alphabet', () => {
  let next = 0;
  const bounds = new Set<number>();
  const token = generateBootstrapToken(NOW, undefined, (max) => {
    bounds.add(max);
    return next++ % max;
  });
  assert.equal(formatBootstrapToken(token), 'abcdef.ghijklmnopqrstuv');
  assert.deepEqual([...bounds], [36]);
});

test('the Secret of a token holds what the API server and the signer look for, and is read back', () => {
  const token = { id: 'abcdef', secret: '0123456789abcdef', expiration: new Date('2026-11-22T12:00:00Z') };
  const secret = bootstrapTokenSecret(token, 'for the machines of demo');
  const texts = Object.entries(secret.data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
  assert.equal(secret.type, 'bootstrap.kubernetes.io/token');
  assert.equal(secret.metadata.name, 'bootstrap-token-abcdef');
  assert.equal(secret.metadata.namespace, 'kube-system');
  assert.deepEqual(Object.fromEntries(texts), {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    expiration: '2026-11-22T12:00:00Z',
    'usage-bootstrap-authentication': 'true',
    'usage-bootstrap-signing': 'true',
    'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
    description: 'for the machines of demo',
  });
  assert.deepEqual(readBootstrapToken(secret), token);
});

test('a Secret with which no node can join is no token', () => {
  const { type, data } = bootstrapTokenSecret(generateBootstrapToken(NOW), '');
  assert.equal(readBootstrapToken({}), undefined);
  assert.equal(readBootstrapToken({ type: 'Opaque', data }), undefined);
  for (const key of Object.keys(data).filter((one) => one !== 'description')) {
    assert.equal(readBootstrapToken({ type, data: { ...data, [key]: 'eA==' } }), undefined, key);
  }
});

test('a token is replaced before less than an hour is left, and not much earlier', () => {
  assert.deepEqual(decideTokenRotation(undefined, NOW), { rotate: true, reason: 'Missing' });
  assert.deepEqual(decideTokenRotation(after(120), NOW), { rotate: false, recheckAfterMs: 45 * MINUTE });
  assert.deepEqual(decideTokenRotation(after(75), NOW), { rotate: true, reason: 'Expiring' });
  assert.deepEqual(decideTokenRotation(after(-5), NOW), { rotate: true, reason: 'Expiring' });
});

test('whoever follows the decisions always finds a token with the minimum left', () => {
  const lifetimes = fc.record({
    minimumRemainingMs: fc.integer({ min: 0, max: 10_000_000 }),
    extra: fc.integer({ min: 4, max: 10_000_000 }),
  });
  fc.assert(
    fc.property(lifetimes, ({ minimumRemainingMs, extra }) => {
      const lifetime = { minimumRemainingMs, ttlMs: minimumRemainingMs + extra };
      const { expiration } = generateBootstrapToken(NOW, lifetime);
      const decision = decideTokenRotation(expiration, NOW, lifetime);
      assert.ok(!decision.rotate);
      const next = new Date(NOW.getTime() + Math.ceil(decision.recheckAfterMs));
      assert.ok(expiration.getTime() - next.getTime() >= minimumRemainingMs);
      assert.ok(decideTokenRotation(expiration, next, lifetime).rotate);
    }),
  );
});

test('tokens that could not keep the promise are refused', () => {
  const lifetime = { ttlMs: 3_600_000, minimumRemainingMs: 3_600_000 };
  assert.throws(() => decideTokenRotation(undefined, NOW, lifetime), { code: 'TokenLifetimeInvalid' });
});
