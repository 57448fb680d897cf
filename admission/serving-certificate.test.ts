import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { issuer } from './issuer.fake.ts';
import type { ServingMaterial } from './serving-certificate.ts';
import { planServing } from './serving-certificate.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2026, 0, 1);
const names = { dnsNames: ['webhook.kamaji-system.svc'], ipAddresses: ['127.0.0.1'] };

const plan = (present: ServingMaterial | undefined, at: number, more: Partial<typeof names> = {}) =>
  planServing({ present, names: { ...names, ...more }, now: new Date(at), issuer });

const authorities = ({ bundlePem }: ServingMaterial): X509Certificate[] =>
  (bundlePem.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map((pem) => new X509Certificate(pem));
const serving = (material: ServingMaterial) => new X509Certificate(material.serving.certificatePem);
const isValid = (certificate: X509Certificate, at: number): boolean =>
  Date.parse(certificate.validFrom) <= at && at < Date.parse(certificate.validTo);

/** Whether an API server that knows this bundle accepts what a replica with that material shows. */
const trusts = (bundle: ServingMaterial, shown: ServingMaterial, at: number): boolean =>
  isValid(serving(shown), at) &&
  authorities(bundle).some((one) => isValid(one, at) && serving(shown).verify(one.publicKey));

/** Looks as often as asked for until the time has come. */
async function until(at: number): Promise<ServingMaterial> {
  let { material, dueAt } = await plan(undefined, START);
  while (dueAt.getTime() < at) ({ material, dueAt } = await plan(material, dueAt.getTime()));
  return (await plan(material, at)).material;
}

suite('the certificate of the webhooks', () => {
  test('is made with an authority of its own, and stays as it is', async () => {
    const { material, dueAt } = await plan(undefined, START);
    assert.ok(trusts(material, material, START));
    assert.equal(serving(material).checkHost('webhook.kamaji-system.svc'), 'webhook.kamaji-system.svc');
    assert.equal(serving(material).checkIP('127.0.0.1'), '127.0.0.1');
    const again = await plan(material, START + 30 * DAY_MS);
    assert.deepEqual(again.material, material);
    assert.deepEqual(again.dueAt, dueAt);
  });

  test('is renewed by the same authority long before it ends', async () => {
    const { material, dueAt } = await plan(undefined, START);
    const end = Date.parse(serving(material).validTo);
    assert.equal((end - dueAt.getTime()) / DAY_MS, 30);
    const renewed = (await plan(material, dueAt.getTime() + 1_000)).material;
    assert.notEqual(renewed.serving.certificatePem, material.serving.certificatePem);
    assert.equal(renewed.bundlePem, material.bundlePem);
  });

  test('gets another authority in steps: trusted first, then used, then alone', async () => {
    const before = await until(START + 489 * DAY_MS);
    assert.equal(authorities(before).length, 1);
    const change = START + 491 * DAY_MS;
    const trusted = (await plan(before, change)).material;
    assert.equal(authorities(trusted).length, 2);
    assert.equal(trusted.serving.certificatePem, before.serving.certificatePem);
    const used = (await plan(trusted, change + HOUR_MS)).material;
    assert.notEqual(used.serving.certificatePem, before.serving.certificatePem);
    assert.equal(used.bundlePem, trusted.bundlePem);
    const alone = (await plan(used, change + 2 * HOUR_MS)).material;
    assert.equal(authorities(alone).length, 1);
    assert.equal(alone.serving.certificatePem, used.serving.certificatePem);
    assert.ok(trusts(alone, alone, change + 2 * HOUR_MS));
  });

  test('is made anew at once for another name', async () => {
    const { material } = await plan(undefined, START);
    const other = ['webhook.elsewhere.svc'];
    const renamed = (await plan(material, START + 1_000, { dnsNames: other })).material;
    assert.equal(serving(renamed).checkHost('webhook.elsewhere.svc'), 'webhook.elsewhere.svc');
    assert.equal(renamed.bundlePem, material.bundlePem);
  });

  const broken: readonly [what: string, damage: (material: ServingMaterial) => ServingMaterial][] = [
    ['the authority', (material) => ({ ...material, bundlePem: 'no certificate' })],
    ['the key of the authority', (material) => ({ ...material, authorityKeyPem: '' })],
    [
      'the certificate',
      (material) => ({ ...material, serving: { ...material.serving, certificatePem: 'no certificate' } }),
    ],
    [
      'the key',
      (material) => ({ ...material, serving: { ...material.serving, privateKeyPem: material.authorityKeyPem } }),
    ],
  ];
  for (const [what, damage] of broken) {
    test(`is made anew at once when ${what} is of no use`, async () => {
      const { material } = await plan(undefined, START);
      const healed = (await plan(damage(material), START + 1_000)).material;
      assert.ok(trusts(healed, healed, START + 1_000));
      assert.notEqual(healed.serving.certificatePem, material.serving.certificatePem);
    });
  }

  test('is made anew when nobody has looked until it had ended', async () => {
    const { material } = await plan(undefined, START);
    for (const years of [1, 3]) {
      const later = START + years * 365 * DAY_MS;
      const healed = (await plan(material, later)).material;
      assert.ok(trusts(healed, healed, later));
    }
  });

  // What one has read another may not have: API servers the bundle before, replicas the certificate before.
  test('is always accepted, also by who knows only what was before', async () => {
    const pauses = fc.array(fc.integer({ min: 1, max: 120 * 24 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(pauses, async (hours) => {
        let at = START;
        let { material, dueAt } = await plan(undefined, at);
        for (const pause of hours) {
          // A process looks when it is due; one that was away looks when it is back.
          at = pause % 2 === 0 ? Math.max(at, dueAt.getTime()) : at + pause * HOUR_MS;
          const next = await plan(material, at);
          assert.ok(trusts(next.material, next.material, at));
          if (trusts(material, material, at)) {
            assert.ok(trusts(material, next.material, at), 'an API server that knows the bundle before');
            assert.ok(trusts(next.material, material, at), 'a replica that shows the certificate before');
          }
          assert.ok(next.dueAt.getTime() > at);
          ({ material, dueAt } = next);
        }
      }),
      { numRuns: 30 },
    );
  });
});
