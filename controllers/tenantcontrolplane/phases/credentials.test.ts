import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { annotations, labels } from '#api/labels.ts';
import { parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import { addressOf } from '#controlplane/address.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { TenantParts } from '#controlplane/tenant-control-plane.fake.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import { createAuthority } from '#pki/authority.ts';
import { describeCertificate, parseCertificate } from '#pki/inspect.ts';
import { generateKeyPair } from '#pki/key.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secretObject } from '../secrets.ts';
import type { Authorities } from './authorities.ts';
import type { Credentials, CredentialsInput } from './credentials.ts';
import { planCredentials } from './credentials.ts';

const NOW = new Date('2026-11-22T10:00:00Z');
const DAY = 86_400_000;
const names = namesOfControlPlane('demo');
const [ca, frontProxyCa, otherCa, serviceAccount] = await Promise.all([
  createAuthority({ commonName: 'kubernetes', now: NOW }),
  createAuthority({ commonName: 'front-proxy-ca', now: NOW }),
  createAuthority({ commonName: 'kubernetes', now: NOW }),
  generateKeyPair('RSA-2048'),
]);
const authorities: Authorities = { ca, frontProxyCa, serviceAccount, drafts: [], reissued: [], ending: [] };
const reachable: TenantParts = { networkProfile: { address: '192.0.2.10' } };

function plan(parts: TenantParts, more: Partial<CredentialsInput> = {}): Promise<Credentials> {
  const tenantControlPlane = tenant(parts);
  const { resolved } = addressOf(tenantControlPlane, undefined);
  assert.ok(resolved !== undefined);
  return planCredentials({
    tenantControlPlane,
    names,
    authorities,
    address: resolved,
    konnectivity: true,
    secrets: new Map(),
    now: NOW,
    renewBeforeMs: 30 * DAY,
    algorithm: 'ECDSA-P256',
    ...more,
  });
}

/** The Secrets as they are when a pass has written them. */
function written({ drafts }: Credentials): Map<string, Secret> {
  return new Map(drafts.map((draft) => [draft.name, secretObject(tenant(), draft, undefined)]));
}

const first = await plan(reachable);
const secrets = written(first);

function textOf({ drafts }: Credentials, name: string, key: string): string {
  return drafts.find((draft) => draft.name === name)?.data[key] ?? '';
}

suite('certificates and kubeconfigs', () => {
  test('a second pass makes nothing anew and asks for the same bytes', async () => {
    assert.deepEqual(await plan(reachable, { secrets }), { ...first, reissued: [] });
  });

  const kubeconfigs = [
    names.adminKubeconfig,
    names.controllerManagerKubeconfig,
    names.schedulerKubeconfig,
    names.konnectivityKubeconfig,
  ];
  const fromCa = [
    ...kubeconfigs,
    names.apiServerCertificate,
    names.apiServerKubeletClient,
    names.konnectivityCertificate,
  ];
  const late = new Date(NOW.getTime() + 340 * DAY);
  const cases: readonly [
    why: string,
    reason: string,
    made: readonly string[],
    TenantParts,
    Partial<CredentialsInput>?,
  ][] = [
    [
      'clients dial another address, so the server must answer to it',
      'SubjectAltNamesChanged ServerChanged',
      [names.apiServerCertificate, names.adminKubeconfig],
      { networkProfile: { address: '192.0.2.11' } },
    ],
    [
      'a port stands in every kubeconfig and in no certificate',
      'ServerChanged',
      kubeconfigs,
      { networkProfile: { address: '192.0.2.10', port: 8443 } },
    ],
    [
      'a host name in front of the API server is what users dial',
      'SubjectAltNamesChanged ServerChanged',
      [names.apiServerCertificate, names.adminKubeconfig],
      { ...reachable, ingress: { hostname: 'demo.example.com:443' } },
    ],
    [
      'a name that the user adds is for the server alone',
      'SubjectAltNamesChanged',
      [names.apiServerCertificate],
      { networkProfile: { address: '192.0.2.10', certSANs: ['demo.example.com'] } },
    ],
    [
      'nobody trusts what the CA before has signed',
      'AuthorityChanged',
      fromCa,
      reachable,
      { authorities: { ...authorities, ca: otherCa } },
    ],
    [
      'the front proxy has an authority of its own',
      'AuthorityChanged',
      [names.frontProxyClient],
      reachable,
      { authorities: { ...authorities, frontProxyCa: otherCa } },
    ],
    [
      'a month before their end all are renewed',
      'Expiring',
      [...fromCa, names.frontProxyClient],
      reachable,
      { now: late },
    ],
    ['a tunnel that is off needs nothing, and changes nothing of the rest', '', [], reachable, { konnectivity: false }],
  ];
  for (const [why, reasons, made, parts, more = {}] of cases) {
    test(`made anew: ${made.length === 0 ? 'none' : made.join(', ')}: ${why}`, async () => {
      const { reissued } = await plan(parts, { secrets, ...more });
      assert.deepEqual(reissued.map(({ secretName }) => secretName).sort(), [...made].sort());
      assert.deepEqual([...new Set(reissued.map(({ reason }) => reason))].join(' '), reasons);
    });
  }

  test('a rotation that was asked for happens once, to that Secret alone', async () => {
    const secret = secrets.get(names.adminKubeconfig);
    const asked = { ...secret, metadata: { ...secret?.metadata, annotations: { [annotations.rotate]: '' } } };
    const rotated = await plan(reachable, { secrets: new Map(secrets).set(names.adminKubeconfig, asked) });
    assert.deepEqual(
      rotated.reissued.map(({ secretName }) => secretName),
      [names.adminKubeconfig],
    );
    const stored = written(rotated);
    assert.equal(stored.get(names.adminKubeconfig)?.metadata?.annotations?.[annotations.rotate], NOW.toISOString());
    assert.deepEqual((await plan(reachable, { secrets: stored })).reissued, []);
  });

  test('each kubeconfig points where its reader can reach the API server', () => {
    const server = (name: string, key: string) => parseKubeconfig(textOf(first, name, key)).server;
    assert.equal(server(names.adminKubeconfig, 'admin.conf'), 'https://192.0.2.10:6443');
    assert.equal(server(names.adminKubeconfig, 'super-admin.svc'), 'https://demo.tenants.svc:6443');
    assert.equal(server(names.schedulerKubeconfig, 'scheduler.conf'), 'https://127.0.0.1:6443');
    assert.equal(server(names.konnectivityKubeconfig, 'konnectivity-server.conf'), 'https://127.0.0.1:6443');
  });

  test('nobody but the super administrator is in system:masters', () => {
    const masters = first.drafts
      .flatMap(({ data }) => Object.entries(data))
      .filter(([key]) => /\.(conf|svc)$/u.test(key))
      .filter(([, text]) => {
        const certificate = parseCertificate(parseKubeconfig(text).clientCertificatePem);
        return describeCertificate(certificate).subject.organizations?.includes('system:masters');
      });
    assert.deepEqual(masters.map(([key]) => key).sort(), ['super-admin.conf', 'super-admin.svc']);
  });

  test('the next look is due when the first of them is', () => {
    assert.equal(first.renewAt.toISOString(), new Date(NOW.getTime() + (365 - 30) * DAY).toISOString());
  });

  test('Secrets say which kind of expiry there is to watch', () => {
    const kind = (name: string) =>
      first.drafts.find((draft) => draft.name === name)?.labels?.[labels.certificateLifecycle];
    assert.equal(kind(names.apiServerCertificate), 'x509');
    assert.equal(kind(names.adminKubeconfig), 'kubeconfig');
  });
});
