import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KubeconfigGenerator } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { createAuthority } from '#pki/authority.ts';
import type { Namespace, Secret } from '#runtime/client/builtin.ts';
import { type KubeObject, keyOf, keyString, type ObjectKey } from '#runtime/client/resource.ts';
import type { Gathered } from './gather.ts';
import { adminKubeconfigSecret, authoritySecret, generator, tenant } from './objects.fake.ts';
import { type Plan, planOf } from './plan.ts';
import { secretFor } from './secret.ts';

const authority = await createAuthority({ commonName: 'kubernetes', now: new Date() });
const demo = tenant({ namespace: 'a', name: 'demo', uid: 'uid-demo', labels: { tier: 'gold' } });
const ca = authoritySecret(demo, authority);
const admin = await adminKubeconfigSecret(demo, authority, { 'admin.svc': 'https://demo.a.svc:6443' });

interface World {
  readonly generator?: KubeconfigGenerator | undefined;
  readonly tenants?: readonly TenantControlPlane[];
  readonly namespaces?: readonly Namespace[];
  readonly secrets?: readonly Secret[];
  readonly generated?: readonly Secret[];
}

function world({ generator: own, tenants = [demo], namespaces = [named('a')], ...rest }: World): Gathered {
  const { secrets = [ca, admin], generated = [] } = rest;
  const find = <T extends KubeObject>(all: readonly T[], key: ObjectKey) =>
    all.find((one) => keyString(keyOf(one)) === keyString(key));
  return {
    name: 'gen',
    generator: own,
    tenants,
    generated: generated.filter(({ metadata }) => metadata?.labels?.['kamaji.clastix.io/managed-by'] === 'gen'),
    namespace: (name) => find(namespaces, { name }),
    secret: (key) => find(secrets, key),
    generatedSecret: (key) => find(generated, key),
  };
}

function named(name: string, labels: Record<string, string> = {}): Namespace {
  return { metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } } };
}

function plan(of: World): Plan {
  const answer = planOf(world(of));
  assert.ok(!('reason' in answer), JSON.stringify(answer));
  return answer;
}

const wished = (of: World): string[] => plan(of).wishes.map(({ key }) => keyString(key));
const failed = (of: World) => plan(of).failures.map(({ problem }) => [problem.reason, problem.message] as const);

/** The Secret that the generator would have made for the tenant. */
function made(of: TenantControlPlane = demo, by = 'gen'): Secret {
  const [wish] = plan({ generator: generator('gen'), tenants: [demo] }).wishes;
  assert.ok(wish !== undefined);
  const { namespace = '', name = '' } = of.metadata;
  return secretFor({ ...wish, tenant: of, generator: by, key: { namespace, name: `${name}-${by}` } }, 'kubeconfig');
}

suite('which tenants get a kubeconfig', () => {
  test('all of them by empty selectors', () => {
    const other = tenant({ namespace: 'b', name: 'other', uid: 'uid-other' });
    const all = { tenants: [demo, other], namespaces: [named('a'), named('b')] };
    const { resources, wishes, failures } = plan({ ...all, generator: generator('gen', { namespaceSelector: {} }) });
    assert.equal(resources, 2);
    assert.deepEqual(
      [...wishes, ...failures].map((one) => one.tenant.metadata.name),
      ['demo', 'other'],
    );
  });

  test('those of selected namespaces', () => {
    const spec = { namespaceSelector: { matchLabels: { team: 'red' } } };
    assert.deepEqual(wished({ generator: generator('gen', spec) }), []);
    assert.deepEqual(wished({ generator: generator('gen', spec), namespaces: [named('a', { team: 'red' })] }), [
      'a/demo-gen',
    ]);
  });

  test('those with the labels', () => {
    const selecting = (tier: string) => ({
      generator: generator('gen', { tenantControlPlaneSelector: { matchLabels: { tier } } }),
    });
    assert.deepEqual(wished(selecting('gold')), ['a/demo-gen']);
    assert.deepEqual(wished(selecting('silver')), []);
  });

  test('none that is being deleted, by itself or with its namespace', () => {
    const deletionTimestamp = '2026-11-22T10:00:00Z';
    const going = { ...demo, metadata: { ...demo.metadata, deletionTimestamp } };
    assert.deepEqual(wished({ generator: generator('gen'), tenants: [going] }), []);
    const namespace = { metadata: { ...named('a').metadata, deletionTimestamp } };
    assert.deepEqual(wished({ generator: generator('gen'), namespaces: [namespace] }), []);
    assert.deepEqual(wished({ generator: generator('gen'), namespaces: [] }), []);
  });

  test('and where a selector means nothing, nothing is touched', () => {
    const spec = { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Is', values: ['red'] }] } };
    const answer = planOf(world({ generator: generator('gen', spec), generated: [made()] }));
    assert.ok('reason' in answer);
    assert.equal(answer.reason, 'SelectorInvalid');
    assert.match(answer.message, /spec\.namespaceSelector .*no operator 'Is'.* nothing is made or removed/u);
  });
});

suite('what a tenant waits for', () => {
  test('its own controller, which makes the CA and the kubeconfig that is the model', () => {
    const own = generator('gen');
    assert.deepEqual(failed({ generator: own, secrets: [] }), [
      ['Waiting', 'waiting for the control plane: it has no Secret demo-ca yet'],
    ]);
    assert.deepEqual(failed({ generator: own, secrets: [ca] }), [
      ['Waiting', 'waiting for the control plane: it has no Secret demo-admin-kubeconfig yet'],
    ]);
  });

  test('an endpoint that there is; the message says which there are', () => {
    assert.deepEqual(failed({ generator: generator('gen', { controlPlaneEndpointFrom: 'public.conf' }) }), [
      [
        'EndpointNotFound',
        'Secret demo-admin-kubeconfig has no key public.conf, only admin.svc: correct spec.controlPlaneEndpointFrom',
      ],
    ]);
  });
});

suite('Secrets that are in the way', () => {
  test('those of the control plane itself are reserved, made already or not', () => {
    for (const name of ['ca', 'admin-kubeconfig', 'konnectivity-certificate', 'datastore-config']) {
      const answer = planOf({ ...world({ generator: generator(name) }), name });
      assert.ok(!('reason' in answer));
      assert.deepEqual(
        answer.failures.map(({ problem }) => problem.reason),
        ['NameReserved'],
        name,
      );
      assert.deepEqual(answer.wishes, []);
    }
  });

  test('those of the Cluster are reserved for control planes that have one', () => {
    const reasons = (metadata: object) => {
      const of = { ...demo, metadata: { ...demo.metadata, ...metadata } };
      const answer = planOf({ ...world({ generator: generator('kubeconfig'), tenants: [of] }), name: 'kubeconfig' });
      assert.ok(!('reason' in answer));
      return answer.failures.map(({ problem }) => problem.reason);
    };
    assert.deepEqual(reasons({}), []);
    assert.deepEqual(reasons({ labels: { 'cluster.x-k8s.io/cluster-name': 'demo' } }), ['NameReserved']);
    assert.deepEqual(reasons({ labels: { 'cluster.x-k8s.io/cluster-name': 'other' } }), []);
  });

  test('that of another generator, whose name with that of its tenant comes to the same, is left alone', () => {
    const other = tenant({ namespace: 'a', name: 'demo-gen', uid: 'uid-other' });
    const theirs = made(other, 'gen');
    const renamed = { ...theirs, metadata: { ...theirs.metadata, name: 'demo-gen' } };
    const [reason, message = ''] = failed({ generator: generator('gen'), generated: [renamed] })[0] ?? [];
    assert.equal(reason, 'ForeignObject');
    assert.match(message, /Secret demo-gen exists and is labelled as that of KubeconfigGenerator gen for demo-gen/u);
  });

  test('a copy without its owner is somebody else’s: neither taken nor removed', () => {
    const secret = made();
    const { ownerReferences: _, ...metadata } = secret.metadata ?? {};
    const copy = { ...secret, metadata };
    assert.deepEqual(plan({ generator: undefined, generated: [copy] }).surplus, []);
    assert.deepEqual(
      failed({ generator: generator('gen'), generated: [copy] }).map(([reason]) => reason),
      ['ForeignObject'],
    );
  });
});

suite('what is removed', () => {
  const surplus = (of: World) => plan(of).surplus.map((secret) => keyString(keyOf(secret)));

  test('everything that a generator made which is gone or going', () => {
    const going = generator('gen');
    going.metadata.deletionTimestamp = '2026-11-22T10:00:00Z';
    for (const own of [undefined, going]) {
      assert.deepEqual(surplus({ generator: own, generated: [made()] }), ['a/demo-gen']);
      assert.deepEqual(wished({ generator: own, generated: [made()] }), []);
    }
  });

  test('the Secret of a tenant that no longer matches, is going or is gone', () => {
    const gold = generator('gen', { tenantControlPlaneSelector: { matchLabels: { tier: 'silver' } } });
    assert.deepEqual(surplus({ generator: gold, generated: [made()] }), ['a/demo-gen']);
    assert.deepEqual(surplus({ generator: generator('gen'), tenants: [], generated: [made()] }), ['a/demo-gen']);
    assert.deepEqual(surplus({ generator: generator('gen'), generated: [made()] }), []);
  });

  test('no Secret of a tenant that matches, also while no new one could be made for it', () => {
    const broken = generator('gen', { user: { fromDefinition: 'metadata.nothing' } });
    const { surplus: removed, failures } = plan({ generator: broken, generated: [made()] });
    assert.deepEqual(removed, []);
    assert.equal(failures.length, 1);
  });

  test('no Secret of another generator, and none that is paused', () => {
    assert.deepEqual(surplus({ generator: undefined, generated: [made(demo, 'other')] }), []);
    const secret = made();
    const annotations = { 'kamaji.clastix.io/paused': '' };
    const paused = { ...secret, metadata: { ...secret.metadata, annotations } };
    assert.deepEqual(surplus({ generator: undefined, generated: [paused] }), []);
    const { paused: count, resources, wishes } = plan({ generator: generator('gen'), generated: [paused] });
    assert.deepEqual({ count, resources, wishes }, { count: 1, resources: 1, wishes: [] });
  });
});
