import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { parse } from 'yaml';
import { kubeconfigGenerators, tenantControlPlanes } from '#api/kinds.ts';
import type { KubeconfigGenerator } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { issueKubeconfig, parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import { createAuthority } from '#pki/authority.ts';
import { describeCertificate, parseCertificate } from '#pki/inspect.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { namespaces, secrets } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { keyOf } from '#runtime/client/resource.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { authoritySecret, base64 } from './objects.fake.ts';
import { eventually, startWorld, type World } from './running-controller.fake.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const sample = new URL('../../test/fixtures/upstream/kubeconfig-generator.yaml', import.meta.url);

suite('KubeconfigGenerators, on a real API server that trusts the CA of its tenants', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  const reason = ({ status }: KubeconfigGenerator, type = 'Ready') => findCondition(status?.conditions, type)?.reason;
  const isReady = (generator: KubeconfigGenerator): boolean =>
    reason(generator) === 'Ready' && generator.status?.observedGeneration === generator.metadata.generation;
  const label = async ({ metadata }: TenantControlPlane, labels: Record<string, string | null>) => {
    await world.client.mergePatch(tenantControlPlanes, keyOf({ metadata }), { metadata: { labels } });
  };
  const annotate = async (secret: Secret, annotations: Record<string, string | null>) => {
    await world.client.mergePatch(secrets, keyOf(secret), { metadata: { annotations } });
  };
  const change = async (name: string, spec: object) => {
    await world.client.mergePatch(kubeconfigGenerators, { name }, { spec });
  };
  const forTeam = (team: string) => ({ namespaceSelector: { matchLabels: { team } } });
  const certificateOf = (kubeconfig: string) =>
    describeCertificate(parseCertificate(parseKubeconfig(kubeconfig).clientCertificatePem));

  test('upstream’s sample, applied unchanged, yields a kubeconfig that logs on as that user in those groups', async () => {
    await world.namespace('sample');
    const tenant = await world.tenant('sample', 'demo', { environment: 'test' });
    await world.tenant('sample', 'unlabelled');
    await world.apply(await readFile(sample, 'utf8'));

    const kubeconfig = await world.kubeconfig('sample', 'demo-monitoring');
    const { username, groups } = await world.whoAmI(kubeconfig);
    assert.deepEqual([username, groups], ['demo', ['monitoring', 'sample', 'system:authenticated']]);
    const { server, userName, contextName, clusterName } = parseKubeconfig(kubeconfig);
    assert.deepEqual(
      { server, userName, contextName, clusterName },
      { server: world.server, userName: 'monitoring', contextName: 'monitoring', clusterName: 'demo' },
    );

    const { metadata, data = {} } = (await world.secret('sample', 'demo-monitoring')) ?? {};
    assert.deepEqual(Object.keys(data), ['value']);
    assert.deepEqual(metadata?.labels, {
      'kamaji.clastix.io/managed-by': 'monitoring',
      'kamaji.clastix.io/managed-for': 'demo',
      'kamaji.clastix.io/certificate_lifecycle_controller': 'kubeconfig',
    });
    const [owner] = metadata?.ownerReferences ?? [];
    assert.deepEqual([owner?.kind, owner?.uid, owner?.controller], ['TenantControlPlane', tenant.metadata.uid, true]);

    const { status } = await world.until('monitoring', isReady);
    assert.deepEqual([status?.resources, status?.availableResources, status?.errors], [1, 1, undefined]);
    assert.deepEqual(
      world.notes('demo').map(({ reason }) => reason),
      ['KubeconfigIssued'],
    );
    assert.match(world.notes('demo')[0]?.note ?? '', /Secret demo-monitoring .* user demo in monitoring, sample/u);
  });

  test('a further pass and a restarted manager write nothing', async () => {
    const writes = await world.writes();
    const passes = world.passes();
    await world.stop();
    await world.start();
    await eventually(async () => (world.passes() > passes ? true : undefined), 'a pass');
    const secret = await world.secret('sample', 'demo-admin-kubeconfig');
    assert.ok(secret !== undefined);
    await annotate(secret, { 'example.com/seen': 'yes' });
    await eventually(async () => (world.passes() > passes + 1 ? true : undefined), 'a further pass');
    assert.deepEqual(await world.writes(), writes);
  });

  test('a Secret that upstream made is taken over as it is', async () => {
    await world.namespace('adopted', { team: 'adopted' });
    const { metadata } = await world.tenant('adopted', 'one');
    const kubeconfig = await issueKubeconfig(
      {
        server: world.server,
        clusterName: 'one',
        authority: world.authority,
        certificate: { subject: { commonName: 'alice' }, usages: ['clientAuth'], validityMs: 365 * DAY_MS },
        name: 'adopted',
      },
      { now: new Date(), algorithm: 'RSA-2048' },
    );
    const owner = { kind: 'TenantControlPlane', apiVersion: 'kamaji.clastix.io/v1alpha1', name: 'one' };
    await world.stop();
    const before = await world.client.create(secrets, {
      metadata: {
        namespace: 'adopted',
        name: 'one-adopted',
        labels: {
          'kamaji.clastix.io/managed-by': 'adopted',
          'kamaji.clastix.io/managed-for': 'one',
          'kamaji.clastix.io/certificate_lifecycle_controller': 'kubeconfig',
        },
        ownerReferences: [{ ...owner, uid: metadata.uid ?? '', controller: true, blockOwnerDeletion: true }],
      },
      // Not our form of it.
      data: { value: base64(JSON.stringify(parse(kubeconfig))) },
    });
    await world.generator('adopted', { ...forTeam('adopted'), controlPlaneEndpointFrom: 'admin.conf' });
    await world.start();
    const { status } = await world.until('adopted', isReady);
    assert.equal(status?.availableResources, 1);
    const { resourceVersion } = (await world.secret('adopted', 'one-adopted'))?.metadata ?? {};
    assert.equal(resourceVersion, before.metadata?.resourceVersion);
    await world.client.delete(kubeconfigGenerators, { name: 'adopted' });
    await world.gone('adopted', 'one-adopted');
  });

  test('a tenant that is labelled otherwise loses its kubeconfig, and has another when it is labelled back', async () => {
    const key = { namespace: 'sample', name: 'demo' };
    const tenant = await world.client.get(tenantControlPlanes, key);
    assert.ok(tenant !== undefined);
    const before = await world.kubeconfig('sample', 'demo-monitoring');
    await label(tenant, { environment: 'production' });
    await world.gone('sample', 'demo-monitoring');
    const { status } = await world.until('monitoring', ({ status }) => status?.resources === 0);
    assert.equal(findCondition(status?.conditions, 'Ready')?.status, 'True');
    assert.deepEqual(world.notes('demo').at(-1)?.reason, 'KubeconfigRemoved');
    await label(tenant, { environment: 'test' });
    await world.kubeconfig('sample', 'demo-monitoring', before);
  });

  test('labels of namespaces decide as well, at any time', async () => {
    await world.namespace('moved');
    await world.tenant('moved', 'one');
    await world.generator('by-team', forTeam('blue'));
    await world.until('by-team', isReady);
    assert.equal(await world.secret('moved', 'one-by-team'), undefined);
    await world.client.mergePatch(namespaces, { name: 'moved' }, { metadata: { labels: { team: 'blue' } } });
    await world.kubeconfig('moved', 'one-by-team');
    await world.client.mergePatch(namespaces, { name: 'moved' }, { metadata: { labels: { team: null } } });
    await world.gone('moved', 'one-by-team');
  });

  test('two generators serve one tenant; of one that is deleted nothing stays, the other’s is untouched', async () => {
    await world.namespace('pair', { team: 'pair' });
    await world.tenant('pair', 'one');
    await world.generator('first', forTeam('pair'));
    await world.generator('second', { ...forTeam('pair'), user: { stringValue: 'bob' } });
    assert.equal((await world.whoAmI(await world.kubeconfig('pair', 'one-first'))).username, 'alice');
    const second = await world.kubeconfig('pair', 'one-second');
    assert.equal((await world.whoAmI(second)).username, 'bob');
    await world.client.delete(kubeconfigGenerators, { name: 'first' });
    await world.gone('pair', 'one-first');
    assert.equal(await world.kubeconfig('pair', 'one-second'), second);
  });

  test('what a generator leaves behind that is deleted while no manager runs is removed by the next one', async () => {
    await world.namespace('left', { team: 'left' });
    await world.tenant('left', 'one');
    await world.generator('leaver', forTeam('left'));
    await world.kubeconfig('left', 'one-leaver');
    await world.stop();
    await world.client.delete(kubeconfigGenerators, { name: 'leaver' });
    assert.ok((await world.secret('left', 'one-leaver')) !== undefined, 'nobody is there to remove it');
    await world.start();
    await world.gone('left', 'one-leaver');
  });

  test('a tenant that is being deleted has no kubeconfig any more, and one of the same name gets its own', async () => {
    await world.namespace('again', { team: 'again' });
    const first = await world.tenant('again', 'one');
    await world.generator('again', forTeam('again'));
    const before = await world.kubeconfig('again', 'one-again');
    const metadata = { finalizers: ['example.com/hold'] };
    await world.client.mergePatch(tenantControlPlanes, keyOf(first), { metadata });
    await world.client.delete(tenantControlPlanes, keyOf(first));
    await world.gone('again', 'one-again');
    await world.client.mergePatch(tenantControlPlanes, keyOf(first), { metadata: { finalizers: null } });
    const { controlPlane, kubernetes } = first.spec;
    const second = await world.client.create(tenantControlPlanes, {
      apiVersion: 'kamaji.clastix.io/v1alpha1',
      kind: 'TenantControlPlane',
      metadata: { namespace: 'again', name: 'one' },
      spec: { controlPlane, kubernetes },
    });
    await world.kubeconfig('again', 'one-again', before);
    const secret = await world.secret('again', 'one-again');
    assert.equal(secret?.metadata?.ownerReferences?.[0]?.uid, second.metadata.uid);
  });

  suite('what cannot be done is said', () => {
    before(async () => {
      await world.namespace('errors', { team: 'errors' });
      await world.tenant('errors', 'labelled', { owner: 'carol' });
      await world.tenant('errors', 'plain');
    });

    test('an expression that leads nowhere: which, for which tenant; the others have theirs', async () => {
      const user = { fromDefinition: 'metadata.labels.owner' };
      await world.generator('wrong', { ...forTeam('errors'), user });
      const { status } = await world.until('wrong', (generator) => reason(generator) === 'ValueNotFound');
      assert.deepEqual([status?.resources, status?.availableResources], [2, 1]);
      assert.deepEqual(
        status?.errors?.map(({ resource }) => resource),
        ['errors/plain'],
      );
      assert.match(status?.errors?.[0]?.message ?? '', /spec\.user\.fromDefinition .*has no 'metadata\.labels/u);
      assert.equal((await world.whoAmI(await world.kubeconfig('errors', 'labelled-wrong'))).username, 'carol');
      assert.equal(world.notes('wrong').at(-1)?.type, 'Warning');

      const plain = await world.client.get(tenantControlPlanes, { namespace: 'errors', name: 'plain' });
      assert.ok(plain !== undefined);
      await label(plain, { owner: 'dave' });
      assert.equal((await world.whoAmI(await world.kubeconfig('errors', 'plain-wrong'))).username, 'dave');
      await world.until('wrong', isReady);
    });

    test('a selector that means nothing: nothing is removed because of it', async () => {
      await change('wrong', { tenantControlPlaneSelector: { matchExpressions: [{ key: 'owner', operator: 'Is' }] } });
      await world.until('wrong', (generator) => reason(generator) === 'SelectorInvalid');
      assert.ok((await world.secret('errors', 'plain-wrong')) !== undefined);
      await change('wrong', { tenantControlPlaneSelector: null });
      await world.until('wrong', isReady);
    });

    test('a group with rights of its own that the tenant names: what the generator itself names, it gives', async () => {
      const plain = { namespace: 'errors', name: 'plain' };
      await world.client.mergePatch(tenantControlPlanes, plain, {
        metadata: { annotations: { group: 'system:masters' } },
      });
      const only = { ...forTeam('errors'), tenantControlPlaneSelector: { matchLabels: { owner: 'dave' } } };
      await world.generator('rights', { ...only, groups: [{ fromDefinition: 'metadata.annotations.group' }] });
      await world.until('rights', (generator) => reason(generator) === 'ValueRefused');
      assert.equal(await world.secret('errors', 'plain-rights'), undefined);
      await change('rights', { groups: [{ stringValue: 'system:masters' }] });
      const { groups } = await world.whoAmI(await world.kubeconfig('errors', 'plain-rights'));
      assert.deepEqual(groups, ['system:masters', 'system:authenticated']);
    });

    test('a Secret of somebody else with that name: it is left alone, and the tenant gets its own when it is gone', async () => {
      const mine = { metadata: { namespace: 'errors', name: 'plain-taken' }, data: { value: base64('mine') } };
      const { metadata = {} } = await world.client.create(secrets, mine);
      await world.generator('taken', forTeam('errors'));
      const { status } = await world.until('taken', (generator) => reason(generator) === 'ForeignObject');
      assert.deepEqual([status?.resources, status?.availableResources], [2, 1]);
      assert.match(status?.errors?.[0]?.message ?? '', /Secret plain-taken exists and is not the work of/u);
      assert.equal((await world.secret('errors', 'plain-taken'))?.metadata?.resourceVersion, metadata.resourceVersion);

      await world.client.delete(kubeconfigGenerators, { name: 'taken' });
      await world.gone('errors', 'labelled-taken');
      assert.equal((await world.secret('errors', 'plain-taken'))?.metadata?.resourceVersion, metadata.resourceVersion);

      await world.generator('taken', forTeam('errors'));
      await world.until('taken', (generator) => reason(generator) === 'ForeignObject');
      await world.client.delete(secrets, keyOf(mine));
      await world.until('taken', isReady);
      assert.equal((await world.whoAmI(await world.kubeconfig('errors', 'plain-taken'))).username, 'alice');
    });

    test('a name that is the control plane’s own: its CA is as it was', async () => {
      const before = await world.secret('errors', 'plain-ca');
      await world.generator('ca', forTeam('errors'));
      await world.until('ca', (generator) => reason(generator) === 'NameReserved');
      await world.client.delete(kubeconfigGenerators, { name: 'ca' });
      await world.generator('after', forTeam('errors'));
      await world.kubeconfig('errors', 'plain-after');
      assert.deepEqual(await world.secret('errors', 'plain-ca'), before);
    });

    test('a control plane that is not there yet: it is waited for', async () => {
      const { client } = world;
      const spec = (await client.get(tenantControlPlanes, { namespace: 'errors', name: 'plain' }))?.spec;
      assert.ok(spec !== undefined);
      await world.namespace('early', { team: 'early' });
      await world.generator('early', forTeam('early'));
      const tenant = await client.create(tenantControlPlanes, {
        apiVersion: 'kamaji.clastix.io/v1alpha1',
        kind: 'TenantControlPlane',
        metadata: { namespace: 'early', name: 'one' },
        spec,
      });
      await world.until('early', (generator) => reason(generator) === 'Waiting');
      await world.secretsOf(tenant);
      await world.until('early', isReady);
      await world.kubeconfig('early', 'one-early');
    });
  });

  suite('a kubeconfig is made again', () => {
    let kubeconfig = '';
    before(async () => {
      await world.namespace('changes', { team: 'changes' });
      await world.tenant('changes', 'one');
      await world.generator('gen', { ...forTeam('changes'), groups: [{ stringValue: 'readers' }] });
      kubeconfig = await world.kubeconfig('changes', 'one-gen');
    });
    const next = async (): Promise<string> => {
      kubeconfig = await world.kubeconfig('changes', 'one-gen', kubeconfig);
      await world.until('gen', isReady);
      return kubeconfig;
    };

    test('for other groups', async () => {
      await change('gen', { groups: [{ stringValue: 'system:masters' }] });
      assert.ok((await world.whoAmI(await next())).groups.includes('system:masters'));
      assert.equal(world.notes('one').at(-1)?.reason, 'KubeconfigReissued');
    });

    test('for another endpoint', async () => {
      await change('gen', { controlPlaneEndpointFrom: 'admin.conf' });
      assert.equal(parseKubeconfig(await next()).server, world.server);
    });

    test('when somebody asks for it by annotation, once', async () => {
      const secret = await world.secret('changes', 'one-gen');
      assert.ok(secret !== undefined);
      await annotate(secret, { 'certs.kamaji.clastix.io/rotate': '' });
      await next();
      const rotated = await world.secret('changes', 'one-gen');
      assert.match(rotated?.metadata?.annotations?.['certs.kamaji.clastix.io/rotate'] ?? '', /^\d{4}-\d\d-\d\dT/u);
    });

    test('when its Secret is deleted or edited', async () => {
      await world.client.delete(secrets, { namespace: 'changes', name: 'one-gen' });
      await next();
      const garbled = { data: { value: base64('garbled') } };
      await world.client.mergePatch(secrets, { namespace: 'changes', name: 'one-gen' }, garbled);
      await eventually(async () => {
        const text = await world.kubeconfig('changes', 'one-gen');
        return text.startsWith('apiVersion') ? true : undefined;
      }, 'a kubeconfig');
      kubeconfig = await world.kubeconfig('changes', 'one-gen');
    });

    test('when the CA of its tenant is another one', async () => {
      const tenant = await world.client.get(tenantControlPlanes, { namespace: 'changes', name: 'one' });
      assert.ok(tenant !== undefined);
      const authority = await createAuthority({ commonName: 'kubernetes', now: new Date() });
      const { data } = authoritySecret(tenant, authority);
      await world.client.mergePatch(secrets, { namespace: 'changes', name: 'one-ca' }, { data });
      const { caCertificatesPem, clientCertificatePem } = parseKubeconfig(await next());
      assert.equal(caCertificatesPem, authority.certificatePem);
      const issuer = parseCertificate(authority.certificatePem);
      assert.ok(parseCertificate(clientCertificatePem).verify(issuer.publicKey), 'the new CA has signed it');
      await world.client.mergePatch(
        secrets,
        { namespace: 'changes', name: 'one-ca' },
        {
          data: authoritySecret(tenant, world.authority).data,
        },
      );
      await next();
    });

    test('not while the generator or its Secret is paused', async () => {
      const paused = { 'kamaji.clastix.io/paused': 'true' };
      const unpaused = { 'kamaji.clastix.io/paused': null };
      const key = { name: 'gen' };
      await world.client.mergePatch(kubeconfigGenerators, key, { metadata: { annotations: paused } });
      await change('gen', { groups: null });
      await world.until('gen', (generator) => reason(generator, 'Paused') === 'Paused');
      assert.equal(await world.kubeconfig('changes', 'one-gen'), kubeconfig);

      const secret = await world.secret('changes', 'one-gen');
      assert.ok(secret !== undefined);
      await annotate(secret, paused);
      await world.client.mergePatch(kubeconfigGenerators, key, { metadata: { annotations: unpaused } });
      await world.until('gen', (generator) => reason(generator, 'Paused') === 'NotPaused');
      assert.equal(await world.kubeconfig('changes', 'one-gen'), kubeconfig);

      await annotate(secret, unpaused);
      assert.deepEqual(certificateOf(await next()).subject, { commonName: 'alice' });
    });

    test('before it expires, and not earlier', async () => {
      await world.stop();
      const clock = new FakeClock(Date.now());
      await world.start(clock);
      const { notAfter } = certificateOf(kubeconfig);
      const dueInMs = notAfter.getTime() - 30 * DAY_MS - clock.now();
      const { resourceVersion } = (await world.secret('changes', 'one-gen'))?.metadata ?? {};
      const halfDays = async (ms: number): Promise<void> => {
        const passes = world.passes();
        await clock.advance(ms);
        await eventually(async () => {
          if (world.passes() > passes) return true;
          await clock.advance(1_000);
          return undefined;
        }, 'a pass');
      };
      await halfDays(dueInMs - DAY_MS);
      assert.equal((await world.secret('changes', 'one-gen'))?.metadata?.resourceVersion, resourceVersion);

      await clock.advance(2 * DAY_MS);
      const renewed = certificateOf(await next());
      assert.ok(renewed.notAfter.getTime() > notAfter.getTime() + 300 * DAY_MS, renewed.notAfter.toISOString());
      assert.match(world.notes('one').at(-1)?.note ?? '', /it expires at/u);
      await world.stop();
      await world.start();
    });
  });
});
