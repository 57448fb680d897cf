import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { CERTIFICATE_VALIDITY_MS, createAuthority, isIssuedBy, issue } from './authority.ts';
import { parseCertificate, parseCertificates } from './inspect.ts';
import { createIntermediate } from './intermediate-authority.fake.ts';
import { certificateReissue } from './policies.ts';
import { issueUnderSeveral } from './several-authorities.ts';

const NOW = new Date('2026-11-22T10:00:00Z');
const CLIENT = {
  subject: { commonName: 'tenant' },
  usages: ['clientAuth'],
  validityMs: CERTIFICATE_VALIDITY_MS,
} as const;

const one = await createAuthority({ commonName: 'one', now: NOW });
const two = await createAuthority({ commonName: 'two', now: NOW });
const shared = await issueUnderSeveral({ ...CLIENT, authorities: [one, two], now: NOW });

/**
 * What openssl says of a certificate to somebody who trusts that authority. Of several ways up it tries the first one only, so it is shown
 * the one that leads there; Go, and so etcd, tries all.
 */
async function verified(trusted: string, presented: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pki-test-'));
  const [leaf, ...rest] = parseCertificates(presented);
  const roots = parseCertificates(trusted);
  const leadsThere = (one: X509Certificate): boolean =>
    [...roots, ...rest].some(
      (other) => other !== one && isIssuedBy(one, other) && (roots.includes(other) || leadsThere(other)),
    );
  const above = rest.filter(leadsThere).map(String);
  const files = { 'trusted.crt': trusted, 'leaf.crt': leaf.toString(), 'above.crt': above.join('') };
  const time = String(Math.floor(NOW.getTime() / 1000) + 60);
  const way = above.length === 0 ? [] : ['-untrusted', 'above.crt'];
  const args = ['-x509_strict', '-purpose', 'sslclient', '-attime', time, '-CAfile', 'trusted.crt', ...way, 'leaf.crt'];
  try {
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
    return (await promisify(execFile)('openssl', ['verify', ...args], { cwd: folder })).stdout.trim();
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('each of the authorities vouches for it, and for nothing else of another one', async () => {
  assert.equal(await verified(one.certificatePem, shared.certificatePem), 'leaf.crt: OK');
  assert.equal(await verified(two.certificatePem, shared.certificatePem), 'leaf.crt: OK');
  assert.equal(parseCertificate(shared.certificatePem).subject, 'CN=tenant');
  // With all that somebody else was given beside their own certificate.
  const [, ...above] = parseCertificates(shared.certificatePem).map(String);
  const other = await issue({ ...CLIENT, authority: one, now: NOW });
  const presented = [other.certificatePem, ...above].join('');
  assert.equal(await verified(one.certificatePem, presented), 'leaf.crt: OK');
  await assert.rejects(verified(two.certificatePem, presented), /unable to get local issuer certificate/u);
});

test('it leads to the root of an authority that is itself none', async () => {
  const below = await createIntermediate({ authority: two, commonName: 'below', now: NOW });
  const authorities = [one, { ...below, certificatePem: below.certificatePem + two.certificatePem }];
  const { certificatePem } = await issueUnderSeveral({ ...CLIENT, authorities, now: NOW });
  assert.equal(await verified(two.certificatePem, certificatePem), 'leaf.crt: OK');
});

test('it stays while all of them are wanted, and is made anew for others', async () => {
  const three = await createAuthority({ commonName: 'three', now: NOW });
  const reasonFor = (...[authority, ...others]: readonly (typeof one)[]) => {
    assert.ok(authority !== undefined);
    return certificateReissue({ stored: shared, authority, others, wanted: CLIENT, now: NOW, renewBeforeMs: 0 })
      ?.reason;
  };
  assert.equal(reasonFor(one, two), undefined);
  assert.equal(reasonFor(two, one), undefined);
  assert.equal(reasonFor(one), 'AuthorityChanged');
  assert.equal(reasonFor(one, three), 'AuthorityChanged');
  assert.equal(reasonFor(one, two, three), 'AuthorityChanged');
});

test('it never outlives one of them', async () => {
  const brief = await createAuthority({ commonName: 'brief', validityMs: 24 * 3_600_000, now: NOW });
  const { certificatePem } = await issueUnderSeveral({ ...CLIENT, authorities: [one, brief], now: NOW });
  const ends = parseCertificates(certificatePem).map(({ validTo }) => Date.parse(validTo));
  assert.ok(ends.every((end) => end <= Date.parse(parseCertificate(brief.certificatePem).validTo)));
});
