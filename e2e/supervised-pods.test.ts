import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Pod } from '#runtime/client/builtin.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import { endsOfContainers, podsThatStay } from './supervised-pods.ts';

suite('containers that must not be started anew', () => {
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  const object = (uid: string, kind?: string, owner?: string): KubeObject => ({
    metadata: {
      uid,
      ...(owner !== undefined && {
        ownerReferences: [{ apiVersion: 'v1', kind: kind ?? '', name: owner, uid: owner, controller: true }],
      }),
    },
  });
  const pod: Pod = object('pod', 'ReplicaSet', 'replica-set');
  const replicaSet = object('replica-set', 'Deployment', 'deployment');
  const deployment = object('deployment', 'TenantControlPlane', 'tenant');
  const tenant = object('tenant', 'KamajiControlPlane', 'kamaji-control-plane');
  const deleted = ({ metadata, ...rest }: KubeObject): KubeObject => ({
    ...rest,
    metadata: { ...metadata, deletionTimestamp },
  });

  const cases: readonly [what: string, pod: Pod, owners: readonly KubeObject[], counts: boolean][] = [
    ['of a control plane that stays', pod, [replicaSet, deployment, tenant], true],
    ['of a pod that a rollout replaces', deleted(pod), [replicaSet, deployment, tenant], true],
    ['of a control plane that is being deleted', pod, [replicaSet, deployment, deleted(tenant)], false],
    ['of a control plane that is gone', pod, [replicaSet, deployment], false],
    ['of a control plane that was made anew under its name', deleted(pod), [object('tenant-2')], false],
    ['of a pod that nobody controls', object('pod'), [], true],
  ];
  for (const [what, one, owners, counts] of cases) {
    test(`${what}: ${counts ? 'those' : 'not those'}`, () => {
      assert.deepEqual(podsThatStay([one], owners), counts ? [one] : []);
    });
  }

  test('one that was is named with its last words', () => {
    const status = (name: string, restartCount: number, message?: string) => ({
      name,
      image: '',
      imageID: '',
      ready: true,
      restartCount,
      ...(message !== undefined && { lastState: { terminated: { exitCode: 1, reason: 'Error', message } } }),
    });
    const containerStatuses = [status('kube-apiserver', 0), status('kube-scheduler', 2, 'began\nlost the lease\n')];
    assert.deepEqual(
      endsOfContainers({ metadata: { namespace: 'tenants', name: 'demo-1' }, status: { containerStatuses } }),
      ['tenants/demo-1 kube-scheduler, 2 times: Error 1, lost the lease'],
    );
  });
});
