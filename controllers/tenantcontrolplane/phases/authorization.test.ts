import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { suite, test } from 'node:test';
import { parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import { isAuthorizerKubeconfig } from '#controlplane/authorization.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { TenantParts } from '#controlplane/tenant-control-plane.fake.ts';
import type { CertificatePair } from '#pki/authority.ts';
import { CERTIFICATE_VALIDITY_MS, createAuthority } from '#pki/authority.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secretObject } from '../secrets.ts';
import type { Authorization } from './authorization.ts';
import { planAuthorization } from './authorization.ts';

const START = Date.UTC(2030, 0, 1);
const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;
const names = namesOfControlPlane('demo');
const authority = await createAuthority({ commonName: 'manager', now: new Date(START) });

function managerSecret(bundle: string, { privateKeyPem }: CertificatePair): Secret {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return { metadata: { name: 'any' }, data: { 'ca.crt': base64(bundle), 'ca.key': base64(privateKeyPem) } };
}

interface Situation {
  readonly limited?: boolean;
  readonly parts?: TenantParts;
  readonly atMs?: number;
  readonly live?: Secret;
  readonly manager?: Secret | null;
}

function plan({ limited = true, parts, atMs = 0, live, manager }: Situation) {
  const { spec, ...rest } = tenant(parts);
  return planAuthorization({
    tenantControlPlane: { ...rest, spec: { ...spec, writePermissions: { blockCreation: limited } } },
    names,
    managerCertificate: manager === null ? undefined : (manager ?? managerSecret(authority.certificatePem, authority)),
    managerNamespace: 'kamaji-system',
    secrets: new Map(live === undefined ? [] : [[names.authorization, live]]),
    now: new Date(START + atMs),
    renewBeforeMs: 30 * DAY_MS,
    algorithm: 'ECDSA-P256',
  });
}

async function planned(situation: Situation = {}): Promise<Authorization> {
  const { value } = await plan(situation);
  assert.ok(value !== undefined);
  return value;
}

function stored({ drafts: [draft] }: Authorization): Secret {
  assert.ok(draft !== undefined);
  return secretObject(tenant(), draft, undefined);
}

function kubeconfigOf({ drafts: [draft] }: Authorization) {
  const [, text = ''] = Object.entries(draft?.data ?? {}).find(([name]) => isAuthorizerKubeconfig(name)) ?? [];
  return parseKubeconfig(text);
}

suite('what the API servers authorize by', () => {
  test('without a limit nobody is asked, and nothing of the manager is needed', async () => {
    const { drafts, asksManager, renewAt } = await planned({ limited: false, manager: null });
    assert.deepEqual(Object.keys(drafts[0]?.data ?? {}), ['authorization.yaml']);
    assert.deepEqual([asksManager, renewAt], [false, undefined]);
  });

  test('under a limit the manager is asked at its Service, by a certificate that names the tenant and serves for nothing else', async () => {
    const authorization = await planned();
    const { server, caCertificatesPem, clientCertificatePem } = kubeconfigOf(authorization);
    assert.equal(server, 'https://kamaji-webhook-service.kamaji-system.svc:9444/authorize-tenant');
    assert.equal(caCertificatesPem, authority.certificatePem);
    const certificate = new X509Certificate(clientCertificatePem);
    assert.equal(certificate.subject, `CN=${tenant().metadata.uid}`);
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
    assert.equal(authorization.asksManager, true);
  });

  test('it is the same in every pass until it is due, and then made anew under another name', async () => {
    const first = await planned();
    const live = stored(first);
    assert.deepEqual((await planned({ live, atMs: DAY_MS })).drafts, first.drafts);
    assert.equal(first.renewAt?.getTime(), START + CERTIFICATE_VALIDITY_MS - 30 * DAY_MS);
    const renewed = await planned({ live, atMs: CERTIFICATE_VALIDITY_MS - 29 * DAY_MS });
    assert.equal(renewed.reissued[0]?.reason, 'Expiring');
    const files = (one: Authorization) => Object.keys(one.drafts[0]?.data ?? {});
    assert.equal(files(renewed).length, 2);
    assert.notDeepEqual(files(renewed), files(first));
  });

  test('a new authority of the manager is trusted as soon as it is there', async () => {
    const next = await createAuthority({ commonName: 'manager', now: new Date(START) });
    const bundle = next.certificatePem + authority.certificatePem;
    const { live } = { live: stored(await planned()) };
    const renewed = await planned({ live, manager: managerSecret(bundle, next) });
    assert.equal(renewed.reissued[0]?.reason, 'AuthorityChanged');
    const { caCertificatesPem, clientCertificatePem } = kubeconfigOf(renewed);
    assert.equal(caCertificatesPem, bundle);
    assert.ok(new X509Certificate(clientCertificatePem).verify(new X509Certificate(next.certificatePem).publicKey));
  });

  test('the way to the manager stays open while API servers may still ask', async () => {
    const lifted = await planned({ limited: false, live: stored(await planned()) });
    assert.deepEqual(Object.keys(lifted.drafts[0]?.data ?? {}), ['authorization.yaml']);
    assert.equal(lifted.asksManager, true);
    assert.equal(lifted.renewAt?.getTime(), START + 5 * MINUTE_MS);
    const live = stored(lifted);
    const later = await planned({ limited: false, live, atMs: 4 * MINUTE_MS });
    assert.deepEqual([later.asksManager, later.renewAt], [true, lifted.renewAt]);
    assert.deepEqual(later.drafts, lifted.drafts);
    const closed = await planned({ limited: false, live, atMs: 5 * MINUTE_MS });
    assert.deepEqual([closed.asksManager, closed.renewAt], [false, undefined]);
    assert.equal(closed.drafts[0]?.annotations, undefined);
  });

  test('a limit waits for the certificate of the manager', async () => {
    const { value, finding } = await plan({ manager: null });
    assert.equal(value, undefined);
    assert.deepEqual([finding?.status, finding?.reason], ['False', 'Waiting']);
  });

  test('there is nothing where the user says how to authorize', async () => {
    const parts = { deployment: { extraArgs: { apiServer: ['--authorization-mode=RBAC'] } } };
    assert.deepEqual((await planned({ parts })).drafts, []);
  });
});
