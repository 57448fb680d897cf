import assert from 'node:assert/strict';
import test from 'node:test';
import type { CertificateRequest } from './authority.ts';
import { CERTIFICATE_VALIDITY_MS, createAuthority, issue } from './authority.ts';
import { generateKeyPair } from './key.ts';
import type { CertificatePolicyInput } from './policies.ts';
import { authorityReissue, certificateReissue, keyPairReissue, renewalTime } from './policies.ts';

const NOW = new Date('2026-11-22T10:00:00Z');
const DAY = 86_400_000;
const daysLater = (days: number): Date => new Date(NOW.getTime() + days * DAY);
const WANTED = {
  subject: { commonName: 'kube-apiserver', organizations: ['a', 'b'] },
  usages: ['serverAuth'],
  dnsNames: ['x.example'],
  ipAddresses: ['fd00:0::1'],
  validityMs: CERTIFICATE_VALIDITY_MS,
} as const satisfies CertificateRequest;

const authority = await createAuthority({ commonName: 'kubernetes', now: NOW });
const stored = await issue({ authority, now: NOW, ...WANTED });

function reasonFor(change: Partial<CertificatePolicyInput>): string | undefined {
  return certificateReissue({ stored, authority, wanted: WANTED, now: NOW, renewBeforeMs: DAY, ...change })?.reason;
}

test('a certificate that is what was asked for stays', () => {
  assert.equal(reasonFor({}), undefined);
  assert.equal(
    reasonFor({ wanted: { ...WANTED, subject: { commonName: 'kube-apiserver', organizations: ['b', 'a'] } } }),
    undefined,
  );
});

test('a pair that is missing, broken or of two halves is made again', async () => {
  const other = await issue({ authority, now: NOW, ...WANTED });
  assert.equal(reasonFor({ stored: {} }), 'Missing');
  assert.equal(reasonFor({ stored: { ...stored, privateKeyPem: '' } }), 'Missing');
  assert.equal(reasonFor({ stored: { ...stored, certificatePem: 'garbage' } }), 'Unparsable');
  assert.equal(reasonFor({ stored: { ...stored, privateKeyPem: 'garbage' } }), 'Unparsable');
  assert.equal(reasonFor({ stored: { ...stored, privateKeyPem: other.privateKeyPem } }), 'KeyMismatch');
  // Servers present the first certificate: that of another key in front is as bad as none.
  assert.equal(
    reasonFor({ stored: { ...stored, certificatePem: other.certificatePem + stored.certificatePem } }),
    'KeyMismatch',
  );
});

test('a certificate follows what is wanted of it', () => {
  assert.equal(reasonFor({ wanted: { ...WANTED, subject: { commonName: 'kube-apiserver' } } }), 'SubjectChanged');
  assert.equal(
    reasonFor({ wanted: { ...WANTED, subject: { ...WANTED.subject, commonName: 'other' } } }),
    'SubjectChanged',
  );
  assert.equal(reasonFor({ wanted: { ...WANTED, usages: ['serverAuth', 'clientAuth'] } }), 'UsagesChanged');
  assert.equal(reasonFor({ wanted: { ...WANTED, dnsNames: ['x.example', 'y.example'] } }), 'SubjectAltNamesChanged');
  assert.equal(reasonFor({ wanted: { ...WANTED, ipAddresses: [] } }), 'SubjectAltNamesChanged');
  assert.equal(reasonFor({ rotateRequested: true }), 'RotationRequested');
});

test('the message names the addresses that are missing and those that are left over', () => {
  const wanted = { ...WANTED, dnsNames: ['y.example'], ipAddresses: ['10.0.0.1'] };
  const answer = certificateReissue({ stored, authority, wanted, now: NOW, renewBeforeMs: DAY });
  assert.equal(answer?.message, 'it does not name y.example, 10.0.0.1; it still names x.example, fd00::1');
});

test('a certificate of another authority of the same name is made again', async () => {
  const replaced = await createAuthority({ commonName: 'kubernetes', now: NOW });
  assert.equal(reasonFor({ authority: replaced }), 'AuthorityChanged');
  assert.throws(() => reasonFor({ authority: { ...authority, privateKeyPem: replaced.privateKeyPem } }), {
    code: 'AuthorityUnusable',
  });
});

test('during a CA rotation the certificates of the signing authority of a bundle stay', async () => {
  const next = await createAuthority({ commonName: 'kubernetes', now: NOW });
  assert.equal(
    reasonFor({ authority: { ...authority, certificatePem: next.certificatePem + authority.certificatePem } }),
    undefined,
  );
});

test('a certificate is renewed when less than the threshold is left, and the timer says when', () => {
  const due = renewalTime(stored.certificatePem, DAY);
  assert.equal(due.toISOString(), daysLater(364).toISOString());
  assert.equal(reasonFor({ now: new Date(due.getTime() - 1000) }), undefined);
  assert.equal(reasonFor({ now: due }), 'Expiring');
});

test('a threshold longer than the validity does not renew for ever', () => {
  assert.equal(reasonFor({ renewBeforeMs: 1000 * DAY }), undefined);
  assert.equal(reasonFor({ renewBeforeMs: 1000 * DAY, now: daysLater(200) }), 'Expiring');
});

test('a certificate that lasts as long as its authority is not renewed over and over', async () => {
  const shortLived = await createAuthority({ commonName: 'kubernetes', now: NOW, validityMs: DAY });
  const leaf = await issue({ authority: shortLived, now: NOW, ...WANTED });
  const late = new Date(NOW.getTime() + 0.9 * DAY);
  assert.equal(reasonFor({ authority: shortLived, stored: leaf, now: late }), undefined);
  assert.equal(authorityReissue({ stored: shortLived, now: late, renewBeforeMs: DAY })?.reason, 'Expiring');
});

test('an authority is made again when it is missing, broken, no authority, asked for or about to expire', async () => {
  const other = await generateKeyPair();
  const reason = (change: object): string | undefined =>
    authorityReissue({ stored: authority, now: NOW, renewBeforeMs: DAY, ...change })?.reason;
  assert.equal(reason({}), undefined);
  assert.equal(reason({ stored: {} }), 'Missing');
  assert.equal(reason({ stored: { ...authority, certificatePem: 'x' } }), 'Unparsable');
  assert.equal(reason({ stored: { ...authority, privateKeyPem: other.privateKeyPem } }), 'KeyMismatch');
  assert.equal(reason({ stored }), 'NotAuthority');
  assert.equal(reason({ rotateRequested: true }), 'RotationRequested');
  assert.equal(reason({ now: daysLater(3649.5) }), 'Expiring');
});

test('the service-account keys are made again when missing, broken, unmatched or asked for, never by age', async () => {
  const [keys, other] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  assert.equal(keyPairReissue({ stored: keys }), undefined);
  assert.equal(keyPairReissue({ stored: { privateKeyPem: keys.privateKeyPem } })?.reason, 'Missing');
  assert.equal(keyPairReissue({ stored: { ...keys, publicKeyPem: 'x' } })?.reason, 'Unparsable');
  assert.equal(keyPairReissue({ stored: { ...keys, publicKeyPem: other.publicKeyPem } })?.reason, 'KeyMismatch');
  assert.equal(keyPairReissue({ stored: keys, rotateRequested: true })?.reason, 'RotationRequested');
});
