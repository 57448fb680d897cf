import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { annotations, labels } from '#api/labels.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import { createAuthority, issue } from '#pki/authority.ts';
import { createIntermediate } from '#pki/intermediate-authority.fake.ts';
import { generateKeyPair } from '#pki/key.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import type { OwnerReference } from '#runtime/client/resource.ts';
import { secretObject } from '../secrets.ts';
import type { Authorities } from './authorities.ts';
import { planAuthorities } from './authorities.ts';

const NOW = new Date('2026-11-22T10:00:00Z');
const DAY = 86_400_000;
const owner = tenant();
const names = namesOfControlPlane('demo');
const pem = await createAuthority({ commonName: 'own-authority', now: NOW });
const short = await createAuthority({ commonName: 'own-authority', now: NOW, validityMs: DAY });
const leaf = await issue({ authority: pem, subject: { commonName: 'leaf' }, usages: [], validityMs: DAY, now: NOW });
const [one, other] = [await generateKeyPair('RSA-2048'), await generateKeyPair('RSA-2048')];

function plan(secrets: readonly Secret[], more: { tenantControlPlane?: typeof owner; now?: Date } = {}) {
  return planAuthorities({
    tenantControlPlane: owner,
    names,
    secrets: new Map(secrets.map((secret) => [secret.metadata?.name ?? '', secret])),
    now: NOW,
    renewBeforeMs: 30 * DAY,
    algorithm: 'ECDSA-P256',
    ...more,
  });
}

async function planned(...parameters: Parameters<typeof plan>): Promise<Authorities> {
  const { value, finding } = await plan(...parameters);
  assert.ok(value !== undefined, finding?.message);
  return value;
}

/** As somebody made it who knows nothing of us. */
function secretOf(name: string, data: Readonly<Record<string, string>>, metadata: Secret['metadata'] = {}): Secret {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  return { type: 'Opaque', metadata: { ...metadata, name }, data: Object.fromEntries(encoded) };
}

/** The Secrets as they are when a pass has written them. */
function written({ drafts }: Authorities, live: readonly Secret[] = []): Secret[] {
  return drafts.map((draft) =>
    secretObject(
      owner,
      draft,
      live.find(({ metadata }) => metadata?.name === draft.name),
    ),
  );
}

function withRotation(secrets: readonly Secret[], name: string): Secret[] {
  return secrets.map((secret) =>
    secret.metadata?.name === name
      ? { ...secret, metadata: { ...secret.metadata, annotations: { [annotations.rotate]: '' } } }
      : secret,
  );
}

suite('authorities of a new control plane', () => {
  test('are made once: a second pass takes all three from their Secrets', async () => {
    const first = await planned([]);
    assert.deepEqual(
      first.reissued.map(({ secretName, reason }) => [secretName, reason]),
      [names.ca, names.frontProxyCa, names.serviceAccount].map((name) => [name, 'Missing']),
    );
    const second = await planned(written(first));
    assert.deepEqual(second, { ...first, reissued: [] });
  });

  test('the CA has the keys of Kamaji and of Cluster API, and its Secret the type that Cluster API reads only under a Cluster', async () => {
    const [ca] = (await planned([])).drafts;
    assert.deepEqual([ca?.type, ca?.labels], [undefined, undefined]);
    assert.deepEqual(Object.keys(ca?.data ?? {}).sort(), ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
    assert.equal(ca?.data['tls.key'], ca?.data['ca.key']);
    const metadata = { ...owner.metadata, labels: { [labels.clusterName]: 'demo' } };
    const [ofCluster] = (await planned([], { tenantControlPlane: { ...owner, metadata } })).drafts;
    assert.deepEqual(
      [ofCluster?.type, ofCluster?.labels],
      ['cluster.x-k8s.io/secret', { [labels.clusterName]: 'demo' }],
    );
  });
});

suite('a Secret that the user put there beforehand', () => {
  const ca = secretOf(names.ca, { 'tls.crt': pem.certificatePem, 'tls.key': pem.privateKeyPem });

  test('a CA in Cluster API’s keys is taken as it is, and stays the user’s', async () => {
    const first = await planned([ca]);
    assert.deepEqual(first.ca, pem);
    assert.ok(!first.reissued.some(({ secretName }) => secretName === names.ca));
    const stored = written(first, [ca]);
    // Years later, a month before its end: one of ours would be replaced now.
    const late = await planned(stored, { now: new Date(NOW.getTime() + (3650 - 10) * DAY) });
    assert.deepEqual(late.ca, pem);
    assert.deepEqual(
      written(late, stored).find(({ metadata }) => metadata?.name === names.ca),
      stored[0],
    );
  });

  test('a CA is replaced when its user asks for that', async () => {
    const stored = written(await planned([ca]), [ca]);
    const rotated = await planned(withRotation(stored, names.ca));
    assert.notDeepEqual(rotated.ca, pem);
    assert.deepEqual(
      rotated.reissued.map(({ secretName, reason }) => [secretName, reason]),
      [[names.ca, 'RotationRequested']],
    );
    assert.equal(rotated.drafts[0]?.rotatedAt, NOW.toISOString());
    const after = await planned(written(rotated, stored));
    assert.deepEqual([after.ca, after.reissued], [rotated.ca, []]);
  });

  const refused: readonly [why: string, secret: Secret, says: RegExp, now?: Date][] = [
    ['without a key nothing can be signed', secretOf(names.ca, { 'tls.crt': pem.certificatePem }), /lacks a key/],
    [
      'a key of another certificate signs what nobody trusts',
      secretOf(names.ca, { 'tls.crt': pem.certificatePem, 'tls.key': short.privateKeyPem }),
      /does not belong/,
    ],
    [
      'text that is no certificate is a mistake of the user’s',
      secretOf(names.ca, { 'tls.crt': 'x', 'tls.key': pem.privateKeyPem }),
      /cannot be used/,
    ],
    [
      'a certificate that may not sign is no authority',
      secretOf(names.ca, { 'tls.crt': leaf.certificatePem, 'tls.key': leaf.privateKeyPem }),
      /may not sign/,
    ],
    [
      'the second authority is looked at as the first is',
      secretOf(names.frontProxyCa, { 'front-proxy-ca.crt': 'x', 'front-proxy-ca.key': 'x' }),
      /demo-front-proxy-ca-certificate cannot be used/,
    ],
    [
      'tokens that one key signs and another checks are never valid',
      secretOf(names.serviceAccount, { 'sa.key': one.privateKeyPem, 'sa.pub': other.publicKeyPem }),
      /demo-sa-certificate cannot be used/,
    ],
  ];
  for (const [why, secret, says, now = NOW] of refused) {
    test(`is refused, with nothing to write: ${why}`, async () => {
      const outcome = await plan([secret], { now });
      assert.equal(outcome.value, undefined);
      assert.deepEqual([outcome.finding?.reason, outcome.finding?.status], ['UserCertificateInvalid', 'False']);
      assert.match(outcome.finding?.message ?? '', says);
    });
  }

  test('of which another object is the controller is left alone, although it could be used', async () => {
    const controller: OwnerReference = { apiVersion: 'v1', kind: 'Other', name: 'one', uid: 'other', controller: true };
    const outcome = await plan([{ ...ca, metadata: { ...ca.metadata, ownerReferences: [controller] } }]);
    assert.deepEqual([outcome.value, outcome.finding?.reason], [undefined, 'ForeignObject']);
    assert.match(outcome.finding?.message ?? '', /belongs to Other one: delete it/);
  });
});

suite('authorities that we made', () => {
  const cases: readonly [why: string, name: string][] = [
    ['the CA', names.ca],
    ['the front proxy’s', names.frontProxyCa],
    ['the keys of service accounts', names.serviceAccount],
  ];
  for (const [what, name] of cases) {
    test(`${what} alone are made anew when their annotation asks for it, once`, async () => {
      const stored = written(await planned([]));
      const rotated = await planned(withRotation(stored, name));
      assert.deepEqual(
        rotated.reissued.map(({ secretName }) => secretName),
        [name],
      );
      const after = written(rotated, stored);
      const time = after.find(({ metadata }) => metadata?.name === name)?.metadata?.annotations?.[annotations.rotate];
      assert.equal(time, NOW.toISOString());
      assert.deepEqual((await planned(after)).reissued, []);
    });
  }

  test('an unreadable one is made anew: nobody else holds a copy', async () => {
    const [stored, ...others] = written(await planned([]));
    const { reissued } = await planned([{ ...stored, data: { 'ca.crt': 'eA==', 'ca.key': 'eA==' } }, ...others]);
    assert.deepEqual(
      reissued.map(({ secretName, reason }) => [secretName, reason]),
      [[names.ca, 'Unparsable']],
    );
  });
});

suite('a CA that somebody brings or exchanges', () => {
  const intermediateOf = (authority: typeof pem) => createIntermediate({ authority, commonName: 'below', now: NOW });

  test('may be an intermediate one: all of its bundle is trusted, and one certificate of it signs', async () => {
    const intermediate = await intermediateOf(pem);
    const bundle = intermediate.certificatePem + pem.certificatePem;
    const secret = secretOf(names.ca, { 'tls.crt': bundle, 'tls.key': intermediate.privateKeyPem });
    const first = await planned([secret]);
    assert.deepEqual(first.ca, { certificatePem: bundle, privateKeyPem: intermediate.privateKeyPem });
    const [draft] = first.drafts;
    assert.equal(draft?.data['signer.crt'], intermediate.certificatePem);
    assert.deepEqual((await planned(written(first, [secret]))).ca, first.ca);
  });

  test('may have what stands above it in ca.crt, as cert-manager writes it', async () => {
    const intermediate = await intermediateOf(pem);
    const secret = secretOf(names.ca, {
      'ca.crt': pem.certificatePem,
      'tls.crt': intermediate.certificatePem,
      'tls.key': intermediate.privateKeyPem,
    });
    const first = await planned([secret]);
    assert.equal(first.ca.certificatePem, intermediate.certificatePem + pem.certificatePem);
    assert.deepEqual((await planned(written(first, [secret]))).ca, first.ca);
    const itsOwn = { 'ca.crt': pem.certificatePem, 'tls.crt': pem.certificatePem, 'tls.key': pem.privateKeyPem };
    assert.deepEqual((await planned([secretOf(names.ca, itsOwn)])).ca, pem);
  });

  for (const [crt, key] of [
    ['ca.crt', 'ca.key'],
    ['tls.crt', 'tls.key'],
  ] as const) {
    test(`is taken where it replaces ours under ${crt} only, and is the user’s from then on`, async () => {
      const secrets = written(await planned([]));
      const changed = secrets.map((secret) =>
        secret.metadata?.name === names.ca
          ? {
              ...secret,
              data: { ...secret.data, ...secretOf('', { [crt]: pem.certificatePem, [key]: pem.privateKeyPem }).data },
            }
          : secret,
      );
      const next = await planned(changed);
      assert.deepEqual(next.ca, pem);
      const [draft] = next.drafts;
      assert.deepEqual([draft?.data['ca.crt'], draft?.data['tls.crt']], [pem.certificatePem, pem.certificatePem]);
      assert.equal(draft?.ofUser, true);
    });
  }

  test('is not lost where one of its keys is spoilt: the other pair serves', async () => {
    const first = await planned([]);
    const spoilt = written(first).map((secret) =>
      secret.metadata?.name === names.ca
        ? { ...secret, data: { ...secret.data, ...secretOf('', { 'ca.crt': 'nonsense' }).data } }
        : secret,
    );
    const next = await planned(spoilt);
    assert.deepEqual([next.ca, next.reissued], [first.ca, []]);
  });

  const brief = secretOf(names.ca, { 'tls.crt': short.certificatePem, 'tls.key': short.privateKeyPem });

  test('serves until its end, and is told of before it', async () => {
    const { ca, ending } = await planned([brief], { now: new Date(NOW.getTime() + DAY / 2) });
    assert.deepEqual(ca, short);
    assert.deepEqual(ending, [{ secretName: names.ca, at: new Date(NOW.getTime() + DAY) }]);
    assert.deepEqual((await planned([brief])).ending, []);
  });

  test('is refused after its end, with what to do', async () => {
    const { value, finding } = await plan([brief], { now: new Date(NOW.getTime() + 2 * DAY) });
    assert.deepEqual([value, finding?.reason], [undefined, 'CertificateExpired']);
    assert.match(finding?.message ?? '', /Secret demo-ca: it expires at 2026-11-23.*put another one in its place/u);
  });

  test('is replaced after its end where the user asks for that', async () => {
    const asked = withRotation([brief], names.ca);
    const next = await planned(asked, { now: new Date(NOW.getTime() + 2 * DAY) });
    assert.notDeepEqual(next.ca, short);
  });
});
