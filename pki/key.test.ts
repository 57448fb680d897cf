import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import test from 'node:test';
import { describeKey, generateKeyPair, parsePrivateKey, parsePublicKey, publicKeyPemOf, samePublicKey } from './key.ts';

test('keys are ECDSA P-256 in SEC1 PEM unless RSA is asked for, then PKCS#1', async () => {
  const ec = await generateKeyPair();
  assert.match(ec.privateKeyPem, /^-----BEGIN EC PRIVATE KEY-----\n/);
  assert.match(ec.publicKeyPem, /^-----BEGIN PUBLIC KEY-----\n/);
  assert.equal(describeKey(parsePrivateKey(ec.privateKeyPem)), 'ECDSA P-256');

  const rsa = await generateKeyPair('RSA-2048');
  assert.match(rsa.privateKeyPem, /^-----BEGIN RSA PRIVATE KEY-----\n/);
  assert.match(rsa.publicKeyPem, /^-----BEGIN PUBLIC KEY-----\n/);
  assert.equal(describeKey(parsePublicKey(rsa.publicKeyPem)), 'RSA 2048');
});

test('the two halves of a pair belong together', async () => {
  const [one, other] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  const signature = sign('sha256', Buffer.from('text'), parsePrivateKey(one.privateKeyPem));
  assert.ok(verify('sha256', Buffer.from('text'), parsePublicKey(one.publicKeyPem), signature));
  assert.equal(publicKeyPemOf(one.privateKeyPem), one.publicKeyPem);
  assert.ok(samePublicKey(parsePrivateKey(one.privateKeyPem), parsePublicKey(one.publicKeyPem)));
  assert.ok(!samePublicKey(parsePrivateKey(one.privateKeyPem), parsePublicKey(other.publicKeyPem)));
});

test('more RSA keys than there are slots are all made', async () => {
  const pairs = await Promise.all(Array.from({ length: 5 }, () => generateKeyPair('RSA-2048')));
  assert.equal(new Set(pairs.map((pair) => pair.publicKeyPem)).size, 5);
});

test('keys of users in other encodings and curves are read', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  assert.equal(describeKey(parsePrivateKey(pem)), 'ECDSA P-384');
});

test('what is no usable key is refused with a code', async () => {
  const { privateKeyPem } = await generateKeyPair();
  const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  assert.throws(() => parsePrivateKey('nonsense'), { code: 'KeyUnparsable' });
  assert.throws(() => parsePublicKey(privateKeyPem), { code: 'KeyUnparsable' });
  assert.throws(() => parsePrivateKey(ed25519), { code: 'KeyTypeUnsupported' });
});
