import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cluster } from '#api/core/cluster.ts';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { clusters, kamajiControlPlanes } from '#api/kinds.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import { changedByOthers, concernsControlPlane } from './predicates.ts';

suite('a pass is made', () => {
  const isMade = (object: Cluster) => concernsControlPlane({ type: 'updated', old: cluster(), object });

  test('when a Cluster comes or goes', () => {
    assert.ok(concernsControlPlane({ type: 'added', object: cluster(), initial: false }));
    assert.ok(concernsControlPlane({ type: 'deleted', object: cluster() }));
  });

  test('when its spec or its annotations change, and when its infrastructure is there', () => {
    assert.ok(isMade({ ...cluster(), metadata: { ...cluster().metadata, generation: 2 } }));
    assert.ok(isMade({ ...cluster(), metadata: { ...cluster().metadata, annotations: { paused: '' } } }));
    assert.ok(isMade(cluster({ initialization: { infrastructureProvisioned: true } })));
  });

  test('not when core tells of its machines', () => {
    const told = { type: 'WorkersAvailable', status: 'False', reason: 'NotAvailable', message: '' } as const;
    assert.ok(!isMade(cluster({ phase: 'Provisioned', conditions: [{ ...told, lastTransitionTime: '' }] })));
  });

  test('not for the status of the control plane, which we write ourselves, but for its owner', () => {
    const old = controlPlane();
    assert.ok(!changedByOthers({ type: 'updated', old, object: { ...old, status: { replicas: 2 } } }));
    const { apiVersion, kind, metadata } = cluster();
    const ownerReferences = [{ apiVersion, kind, name: metadata.name ?? '', uid: 'x' }];
    assert.ok(
      changedByOthers({ type: 'updated', old, object: { ...old, metadata: { ...old.metadata, ownerReferences } } }),
    );
  });
});

function cluster(status: NonNullable<Cluster['status']> = {}): Cluster {
  return {
    apiVersion: apiVersionOf(clusters),
    kind: clusters.kind,
    metadata: { namespace: 'team', name: 'shop', generation: 1 },
    status,
  };
}

function controlPlane(): KamajiControlPlane {
  return {
    apiVersion: apiVersionOf(kamajiControlPlanes),
    kind: kamajiControlPlanes.kind,
    metadata: { namespace: 'team', name: 'shop', generation: 1 },
    spec: { version: 'v1.35.4' },
  };
}
