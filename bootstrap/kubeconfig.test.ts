import assert from 'node:assert/strict';
import test from 'node:test';
import { createAuthority } from '#pki/authority.ts';
import { KUBECONFIG_CERTIFICATES } from '#pki/control-plane.ts';
import { describeCertificate, parseCertificate } from '#pki/inspect.ts';
import { renewalTime } from '#pki/policies.ts';
import {
  formatKubeconfig,
  issueKubeconfig,
  kubeconfigReissue,
  obtainKubeconfig,
  parseKubeconfig,
} from './kubeconfig.ts';

const NOW = new Date('2026-11-22T10:00:00Z');
const DAY = 86_400_000;
const authority = await createAuthority({ commonName: 'kubernetes', now: NOW });
const request = {
  server: 'https://10.0.0.1:6443',
  clusterName: 'demo',
  authority,
  certificate: KUBECONFIG_CERTIFICATES.admin,
};
const stored = await issueKubeconfig(request, { now: NOW });

test('a kubeconfig is named as kubeadm names it and always written the same way', () => {
  const fields = {
    server: 'https://10.0.0.1:6443',
    clusterName: 'on',
    userName: 'kubernetes-admin',
    caCertificatesPem: 'ca\n',
    clientCertificatePem: 'cert\n',
    clientKeyPem: 'key\n',
  };
  assert.equal(
    formatKubeconfig(fields),
    `apiVersion: v1
kind: Config
clusters:
  - name: "on"
    cluster:
      certificate-authority-data: Y2EK
      server: https://10.0.0.1:6443
users:
  - name: kubernetes-admin
    user:
      client-certificate-data: Y2VydAo=
      client-key-data: a2V5Cg==
contexts:
  - name: kubernetes-admin@on
    context:
      cluster: "on"
      user: kubernetes-admin
current-context: kubernetes-admin@on
`,
  );
  assert.deepEqual(parseKubeconfig(formatKubeconfig(fields)), fields);
});

test('an issued kubeconfig carries a client certificate of the user', () => {
  const fields = parseKubeconfig(stored);
  assert.deepEqual(describeCertificate(parseCertificate(fields.clientCertificatePem)).subject, {
    commonName: 'kubernetes-admin',
    organizations: ['kubeadm:cluster-admins'],
  });
  assert.equal(fields.caCertificatesPem, authority.certificatePem);
  assert.equal(fields.userName, 'kubernetes-admin');
});

test('a kubeconfig is made again when it no longer serves', async () => {
  const other = await createAuthority({ commonName: 'kubernetes', now: NOW });
  const reason = (change: object = {}, options: object = {}): string | undefined =>
    kubeconfigReissue(stored, { ...request, ...change }, { now: NOW, renewBeforeMs: DAY, ...options })?.reason;
  assert.equal(reason(), undefined);
  assert.equal(kubeconfigReissue(undefined, request, { now: NOW, renewBeforeMs: DAY })?.reason, 'Missing');
  assert.equal(kubeconfigReissue('a: [', request, { now: NOW, renewBeforeMs: DAY })?.reason, 'Unparsable');
  assert.equal(kubeconfigReissue('kind: Config', request, { now: NOW, renewBeforeMs: DAY })?.reason, 'Unparsable');
  assert.equal(reason({ authority: other }), 'AuthorityChanged');
  assert.equal(reason({ server: 'https://10.0.0.2:6443' }), 'ServerChanged');
  assert.equal(reason({ clusterName: 'other' }), 'NamesChanged');
  assert.equal(reason({ certificate: KUBECONFIG_CERTIFICATES['super-admin'] }), 'NamesChanged');
  assert.equal(
    reason({ certificate: { ...request.certificate, subject: { commonName: 'kubernetes-admin' } } }),
    'SubjectChanged',
  );
  assert.equal(reason({}, { now: new Date(NOW.getTime() + 364.5 * DAY) }), 'Expiring');
  assert.equal(reason({}, { rotateRequested: true }), 'RotationRequested');
});

test('a kubeconfig without inline credentials is refused with a code', () => {
  assert.throws(() => parseKubeconfig('apiVersion: v1\nkind: Config\nclusters: []\n'), {
    code: 'KubeconfigUnparsable',
  });
  assert.throws(() => parseKubeconfig(stored.replace('client-key-data', 'client-key')), {
    code: 'KubeconfigUnparsable',
    message: /client-key-data/,
  });
});

test('user and context may be called by a name of their own', async () => {
  const renamed = { ...request, name: 'monitoring' };
  const text = await issueKubeconfig(renamed, { now: NOW });
  const { userName, contextName, clusterName } = parseKubeconfig(text);
  assert.deepEqual(
    { userName, contextName, clusterName },
    {
      userName: 'monitoring',
      contextName: 'monitoring',
      clusterName: 'demo',
    },
  );
  const options = { now: NOW, renewBeforeMs: DAY };
  assert.equal(kubeconfigReissue(text, renamed, options), undefined);
  assert.equal(kubeconfigReissue(text, request, options)?.reason, 'NamesChanged');
  assert.equal(kubeconfigReissue(stored, renamed, options)?.reason, 'NamesChanged');
  const sameUser = { ...request, name: 'kubernetes-admin' };
  assert.equal(kubeconfigReissue(stored, sameUser, options)?.reason, 'NamesChanged', 'the context counts as well');
});

test('what cannot be parsed is not quoted, since it may hold a private key', () => {
  const refused = (text: string): unknown => {
    try {
      return parseKubeconfig(text);
    } catch (error) {
      return error;
    }
  };
  const error = refused('users:\n- user:\n    client-key-data: c2VjcmV0\n   broken: ]\n');
  assert.ok(error instanceof Error && error.cause instanceof Error);
  assert.doesNotMatch(`${error.message} ${error.cause.message}`, /c2VjcmV0/u);
});

test('one that was just issued serves until it is due, and only for what it was asked for', async () => {
  const options = { now: NOW, renewBeforeMs: DAY, algorithm: 'ECDSA-P256' } as const;
  const wanted = { stored: undefined, request, rotateRequested: false };
  const { text, renewAt } = await obtainKubeconfig(wanted, options);
  const reasonAt = (now: Date, wanted = request) => kubeconfigReissue(text, wanted, { ...options, now })?.reason;
  assert.equal(reasonAt(NOW), undefined);
  assert.equal(reasonAt(NOW, { ...request, server: 'https://elsewhere:6443' }), 'ServerChanged');
  assert.deepEqual(renewAt, renewalTime(parseKubeconfig(text).clientCertificatePem, DAY));
  assert.equal(reasonAt(renewAt), 'Expiring');
});

test('one that serves is kept; when a rotation was asked for there is a new one, and it is said when', async () => {
  const obtain = (rotateRequested: boolean) =>
    obtainKubeconfig({ stored, request, rotateRequested }, { now: NOW, renewBeforeMs: DAY, algorithm: 'ECDSA-P256' });
  const renewAt = renewalTime(parseKubeconfig(stored).clientCertificatePem, DAY);
  assert.deepEqual(await obtain(false), { text: stored, reissue: undefined, renewAt });
  const rotated = await obtain(true);
  assert.notEqual(rotated.text, stored);
  assert.equal(rotated.reissue?.reason, 'RotationRequested');
  assert.equal(rotated.rotatedAt, NOW.toISOString());
});
