import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { childrenOf, decodeDer, encodeDer } from './asn1.ts';
import type { CertificatePair } from './authority.ts';
import { CERTIFICATE_VALIDITY_MS, createAuthority, intermediatesPem, issue, signerPem } from './authority.ts';
import { encodePem } from './certificate.ts';
import { caPin, caPins, describeCertificate, parseCertificate, parseCertificates } from './inspect.ts';
import { createIntermediate } from './intermediate-authority.fake.ts';
import type { KeyAlgorithm } from './key.ts';
import { parsePrivateKey } from './key.ts';

const run = promisify(execFile);
const NOW = new Date('2026-11-22T10:00:00.500Z');
const SERVER = {
  subject: { commonName: 'kube-apiserver' },
  usages: ['serverAuth'],
  validityMs: CERTIFICATE_VALIDITY_MS,
} as const;
const CLIENT = {
  subject: { commonName: 'kubernetes-admin', organizations: ['kubeadm:cluster-admins'] },
  usages: ['clientAuth'],
  validityMs: CERTIFICATE_VALIDITY_MS,
} as const;

async function withFiles<T>(files: Record<string, string>, task: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pki-test-'));
  try {
    await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder, name), content)));
    return await task(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function opensslVerify(authority: string, leaf: string, purpose: string): Promise<string> {
  return withFiles({ 'ca.crt': authority, 'leaf.crt': leaf }, async (folder) => {
    const at = Math.floor(NOW.getTime() / 1000) + 60;
    const args = ['verify', '-x509_strict', '-attime', `${at}`, '-purpose', purpose, '-CAfile', 'ca.crt', 'leaf.crt'];
    return (await run('openssl', args, { cwd: folder })).stdout.trim();
  });
}

for (const algorithm of ['ECDSA-P256', 'RSA-2048'] as const satisfies readonly KeyAlgorithm[]) {
  for (const leafAlgorithm of ['ECDSA-P256', 'RSA-2048'] as const satisfies readonly KeyAlgorithm[]) {
    test(`openssl accepts ${leafAlgorithm} certificates of an ${algorithm} authority in strict mode`, async () => {
      const authority = await createAuthority({ commonName: 'kubernetes', algorithm, now: NOW });
      const common = { authority, algorithm: leafAlgorithm, now: NOW };
      const server = await issue({
        ...common,
        ...SERVER,
        dnsNames: ['a.example', '*.b.example'],
        ipAddresses: ['10.0.0.1', 'fd00::1'],
      });
      const client = await issue({ ...common, ...CLIENT });
      assert.equal(await opensslVerify(authority.certificatePem, server.certificatePem, 'sslserver'), 'leaf.crt: OK');
      assert.equal(await opensslVerify(authority.certificatePem, client.certificatePem, 'sslclient'), 'leaf.crt: OK');
      await assert.rejects(opensslVerify(authority.certificatePem, client.certificatePem, 'sslserver'));
    });
  }
}

test('a certificate says what was asked for and matches its key', async () => {
  const authority = await createAuthority({ commonName: 'kubernetes', now: NOW });
  const pair = await issue({
    authority,
    now: NOW,
    subject: { commonName: 'zoë', organizations: ['a,b=c', 'system:masters'] },
    usages: ['serverAuth', 'clientAuth'],
    dnsNames: ['x.example', 'x.example', '*.y.example'],
    ipAddresses: ['10.0.0.1', 'FD00::A'],
    validityMs: CERTIFICATE_VALIDITY_MS,
  });
  const certificate = parseCertificate(pair.certificatePem);
  assert.deepEqual(describeCertificate(certificate), {
    subject: { commonName: 'zoë', organizations: ['a,b=c', 'system:masters'] },
    usages: ['clientAuth', 'serverAuth'],
    dnsNames: ['x.example', '*.y.example'],
    ipAddresses: ['10.0.0.1', 'fd00::a'],
    notBefore: new Date('2026-11-22T09:55:00Z'),
    notAfter: new Date('2027-11-22T10:00:00Z'),
    isAuthority: false,
  });
  assert.ok(certificate.checkPrivateKey(parsePrivateKey(pair.privateKeyPem)));
  assert.ok(certificate.verify(parseCertificate(authority.certificatePem).publicKey));
  assert.ok(!certificate.ca);
  assert.ok(/^[4-7][0-9A-F]{31}$/.test(certificate.serialNumber));
});

test('an authority lasts ten years and names itself as kubeadm does', async () => {
  const { certificatePem } = await createAuthority({ commonName: 'front-proxy-ca', now: NOW });
  const description = describeCertificate(parseCertificate(certificatePem));
  assert.deepEqual(description, {
    subject: { commonName: 'front-proxy-ca' },
    usages: [],
    dnsNames: ['front-proxy-ca'],
    ipAddresses: [],
    notBefore: new Date('2026-11-22T09:55:00Z'),
    notAfter: new Date('2036-11-19T10:00:00Z'),
    isAuthority: true,
  });
});

test('dates from 2050 on are read back by openssl', async () => {
  const authority = await createAuthority({ commonName: 'kubernetes', now: NOW, validityMs: 40 * 365 * 86_400_000 });
  const end = await withFiles({ 'ca.crt': authority.certificatePem }, async (folder) =>
    run('openssl', ['x509', '-in', 'ca.crt', '-noout', '-enddate'], { cwd: folder }),
  );
  assert.equal(end.stdout.trim(), 'notAfter=Nov 12 10:00:00 2066 GMT');
});

test('a certificate never outlives its authority', async () => {
  const authority = await createAuthority({ commonName: 'kubernetes', now: NOW, validityMs: 3_600_000 });
  const pair = await issue({ authority, now: NOW, ...CLIENT });
  assert.equal(
    describeCertificate(parseCertificate(pair.certificatePem)).notAfter.toISOString(),
    '2026-11-22T11:00:00.000Z',
  );
});

test('an authority of the user signs, whatever its curve, name encoding and place in the bundle', async () => {
  await withFiles({ 'ext.cnf': 'basicConstraints=critical,CA:true\nsubjectKeyIdentifier=hash\n' }, async (folder) => {
    const openssl = async (...args: string[]): Promise<string> => (await run('openssl', args, { cwd: folder })).stdout;
    const subject = '/C=DE/O=Example Ltd/CN=Root é';
    await openssl('ecparam', '-name', 'secp384r1', '-genkey', '-noout', '-out', 'root.key');
    await openssl(
      'req',
      '-x509',
      '-new',
      '-key',
      'root.key',
      '-subj',
      subject,
      '-utf8',
      '-days',
      '3650',
      '-out',
      'root.crt',
    );
    await openssl('genrsa', '-traditional', '-out', 'sub.key', '2048');
    await openssl('req', '-new', '-key', 'sub.key', '-subj', '/O=Example Ltd/CN=Sub', '-out', 'sub.csr');
    await openssl(
      'x509',
      '-req',
      '-in',
      'sub.csr',
      '-CA',
      'root.crt',
      '-CAkey',
      'root.key',
      '-CAcreateserial',
      '-days',
      '3000',
      '-extfile',
      'ext.cnf',
      '-out',
      'sub.crt',
    );
    const read = async (...names: string[]): Promise<string> => (await run('cat', names, { cwd: folder })).stdout;
    const now = new Date();
    const cases: readonly [string, CertificatePair][] = [
      ['root', { certificatePem: await read('root.crt'), privateKeyPem: await read('root.key') }],
      ['intermediate', { certificatePem: await read('root.crt', 'sub.crt'), privateKeyPem: await read('sub.key') }],
    ];
    for (const [what, authority] of cases) {
      const pair = await issue({ authority, now, ...CLIENT });
      await writeFile(join(folder, 'leaf.crt'), pair.certificatePem);
      await writeFile(join(folder, 'trust.crt'), authority.certificatePem);
      const verdict = await openssl('verify', '-purpose', 'sslclient', '-CAfile', 'trust.crt', 'leaf.crt');
      assert.equal(verdict.trim(), 'leaf.crt: OK', what);
      const signer = parseCertificates(authority.certificatePem).at(-1);
      assert.ok(signer !== undefined && parseCertificate(pair.certificatePem).checkIssued(signer), what);
    }
  });
});

test('an authority that cannot sign is refused with a code', async () => {
  const [authority, other] = await Promise.all(
    [1, 2].map(() => createAuthority({ commonName: 'kubernetes', now: NOW })),
  );
  assert.ok(authority !== undefined && other !== undefined);
  const leaf = await issue({ authority, now: NOW, ...CLIENT });
  const mixed = { certificatePem: authority.certificatePem, privateKeyPem: other.privateKeyPem };
  await assert.rejects(issue({ authority: mixed, now: NOW, ...CLIENT }), { code: 'AuthorityUnusable' });
  await assert.rejects(issue({ authority: leaf, now: NOW, ...CLIENT }), { code: 'AuthorityUnusable' });
  await assert.rejects(issue({ authority: { ...authority, certificatePem: '' }, now: NOW, ...CLIENT }), {
    code: 'CertificateUnparsable',
  });
  await assert.rejects(issue({ authority, now: NOW, ...SERVER, ipAddresses: ['10.0.0'] }), {
    code: 'SubjectAltNameInvalid',
  });
  await assert.rejects(issue({ authority, now: NOW, ...SERVER, dnsNames: ['bücher.example'] }), {
    code: 'SubjectAltNameInvalid',
  });
});

test('the pin of a CA is the one that openssl computes, one per certificate of a bundle', async () => {
  const one = await createAuthority({ commonName: 'kubernetes', now: NOW });
  const other = await createAuthority({ commonName: 'kubernetes', algorithm: 'RSA-2048', now: NOW });
  const command = 'openssl x509 -in ca.crt -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r';
  const digest = await withFiles({ 'ca.crt': one.certificatePem }, async (folder) =>
    run('sh', ['-c', command], { cwd: folder }),
  );
  assert.equal(caPin(one.certificatePem), `sha256:${digest.stdout.split(' ')[0]}`);
  assert.deepEqual(caPins(`# a comment\n${one.certificatePem}${other.certificatePem}`), [
    caPin(one.certificatePem),
    caPin(other.certificatePem),
  ]);
  assert.throws(() => caPins('nothing'), { code: 'CertificateUnparsable' });
  assert.throws(() => caPins('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'), {
    code: 'CertificateUnparsable',
  });
});

test('PEM of any length has no empty line and decodes to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (der) => {
      const lines = encodePem('CERTIFICATE', der).split('\n');
      const body = lines.slice(1, -2);
      assert.ok(body.every((line) => line.length > 0 && line.length <= 64));
      assert.deepEqual(Buffer.from(body.join(''), 'base64'), Buffer.from(der));
    }),
  );
});

test('a certificate survives decoding and encoding byte for byte', async () => {
  const authority = await createAuthority({ commonName: 'kubernetes', algorithm: 'RSA-2048', now: NOW });
  const { raw } = parseCertificate(authority.certificatePem);
  assert.deepEqual(encodeDer(decodeDer(raw)), raw);
  assert.equal(childrenOf(decodeDer(raw)).length, 3);
});

test('an intermediate authority shows the way to its root, and signs with the one certificate of its bundle', async () => {
  const root = await createAuthority({ commonName: 'root', now: NOW });
  const upper = await createIntermediate({ authority: root, commonName: 'upper', now: NOW });
  const lower = await createIntermediate({ authority: upper, commonName: 'lower', now: NOW });
  const orders = [
    [lower, upper, root],
    [root, upper, lower],
    [upper, lower, root],
  ];
  for (const order of orders) {
    const certificatePem = order.map((one) => one.certificatePem).join('');
    const bundle = { certificatePem, privateKeyPem: lower.privateKeyPem };
    assert.equal(intermediatesPem(bundle), lower.certificatePem + upper.certificatePem);
    assert.equal(signerPem(bundle), lower.certificatePem);
  }
  const withoutRoot = { ...lower, certificatePem: lower.certificatePem + upper.certificatePem };
  assert.equal(intermediatesPem(withoutRoot), lower.certificatePem + upper.certificatePem);
  assert.equal(intermediatesPem(root), '');
});
