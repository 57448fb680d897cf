import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import type { TenantParts } from '#controlplane/tenant-control-plane.fake.ts';
import { konnectivityAgent } from './konnectivity-agent.ts';
import type { AddonObject, DaemonSet, Deployment } from './objects.ts';

type Agent = NonNullable<NonNullable<NonNullable<TenantParts['addons']>['konnectivity']>['agent']>;

const objects = (agent: Agent = {}, server = {}): readonly AddonObject[] =>
  konnectivityAgent({
    tenantControlPlane: tenant({ addons: { konnectivity: { agent, server } } }),
    server: { host: '192.0.2.10', port: 31132 },
    apiServer: { host: '192.0.2.10', port: 6443 },
  });

function workload(agent: Agent = {}, server = {}): Deployment | DaemonSet {
  const found = objects(agent, server).filter(
    (object): object is Deployment | DaemonSet => object.kind === 'Deployment' || object.kind === 'DaemonSet',
  );
  assert.equal(found.length, 1);
  assert.ok(found[0]);
  return found[0];
}

const args = (agent: Agent = {}, server = {}): string[] =>
  workload(agent, server).spec.template.spec.containers[0]?.args ?? [];

suite('konnectivity agents', () => {
  test('get these arguments, byte for byte', () => {
    assert.deepEqual(args(), [
      '--admin-server-port=8133',
      '--ca-cert=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
      '--count-server-leases=true',
      '--health-server-port=8134',
      '--logtostderr=true',
      '--proxy-server-host=192.0.2.10',
      '--proxy-server-port=31132',
      '--service-account-token-path=/var/run/secrets/tokens/konnectivity-agent-token',
    ]);
  });

  const overrides: readonly [because: string, extraArgs: string[], expected: string][] = [
    ['the user’s word counts', ['--proxy-server-host=proxy.example.org'], '--proxy-server-host=proxy.example.org'],
    ['the last of several counts', ['--v=1', '--v=4'], '--v=4'],
    ['a bare flag stays bare', ['--sync-forever'], '--sync-forever'],
  ];
  for (const [because, extraArgs, expected] of overrides) {
    test(because, () => {
      const flag = expected.split('=')[0] ?? '';
      assert.deepEqual(
        args({ extraArgs }).filter((argument) => argument.split('=')[0] === flag),
        [expected],
      );
    });
  }

  test('that are too old to count leases are not asked to', () => {
    assert.ok(!args({ version: 'v0.28.6' }).some((argument) => argument.startsWith('--count-server-leases')));
    assert.ok(!args({}, { version: 'v0.28.6' }).some((argument) => argument.startsWith('--count-server-leases')));
  });

  test('run on every node', () => assert.equal(workload().kind, 'DaemonSet'));

  test('or are a few, as many as the user says, on different nodes', () => {
    const deployment = workload({ mode: 'Deployment', replicas: 3 });
    assert.ok(deployment.kind === 'Deployment');
    assert.equal(deployment.spec.replicas, 3);
    assert.ok(deployment.spec.template.spec.affinity);
  });

  test('tolerate what the user says, the taint for critical addons otherwise', () => {
    assert.deepEqual(workload().spec.template.spec.tolerations, [{ key: 'CriticalAddonsOnly', operator: 'Exists' }]);
    assert.deepEqual(workload({ tolerations: [] }).spec.template.spec.tolerations, []);
  });

  test('use the node’s network only when asked to', () => {
    assert.equal('hostNetwork' in workload().spec.template.spec, false);
    assert.equal(workload({ hostNetwork: true }).spec.template.spec.hostNetwork, true);
  });

  test('find the API server without kube-proxy', () => {
    assert.deepEqual(workload().spec.template.spec.containers[0]?.env, [
      { name: 'KUBERNETES_SERVICE_HOST', value: '192.0.2.10' },
      { name: 'KUBERNETES_SERVICE_PORT', value: '6443' },
    ]);
  });

  test('show the servers a token that is for them alone', () => {
    const { volumes } = workload().spec.template.spec;
    assert.deepEqual(volumes[0]?.projected?.sources[0]?.serviceAccountToken, {
      audience: 'system:konnectivity-server',
      expirationSeconds: 3600,
      path: 'konnectivity-agent-token',
    });
  });

  test('come last: their rights, and those of the servers, are there before them', () => {
    const kinds = objects().map(({ kind }) => kind);
    assert.equal(kinds.at(-1), 'DaemonSet');
    assert.equal(kinds[0], 'ServiceAccount');
  });

  test('and every object is known as ours', () => {
    for (const { kind, metadata } of objects()) {
      assert.equal(metadata.labels['kamaji.clastix.io/project'], 'kamaji', kind);
    }
  });
});
