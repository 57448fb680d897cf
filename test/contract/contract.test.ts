import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { kamajiControlPlaneConditions } from '#api/controlplane/v1alpha2/conditions.ts';
import { kamajiControlPlaneTemplateCrd } from '#api/controlplane/v1alpha2/kamaji-control-plane-template.ts';
import type { KamajiControlPlane, KamajiControlPlaneStatus } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { kamajiControlPlaneCrd } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { Cluster } from '#api/core/cluster.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { annotations, labels } from '#api/labels.ts';
import type { JsonSchema } from '#api/schema/json-schema.ts';
import { desiredTenantControlPlane } from '#controllers/kamajicontrolplane/desired-tenant-control-plane.ts';
import { ownerCluster } from '#controllers/kamajicontrolplane/gather.ts';
import { foreignness, ownerReference } from '#controllers/kamajicontrolplane/ownership.ts';
import { rolloutAfter } from '#controllers/kamajicontrolplane/rollout-after.ts';
import { rules } from '#controllers/kamajicontrolplane/rbac.ts';
import { pausedStatus, statusOf } from '#controllers/kamajicontrolplane/status.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { contractDocument, TESTS } from './document.ts';
import { table } from './table.ts';

const root = new URL('../../', import.meta.url);
const crds = [kamajiControlPlaneCrd, kamajiControlPlaneTemplateCrd];
const clock = { now: () => Date.UTC(2026, 0, 1) };

const controlPlane: KamajiControlPlane = {
  apiVersion: 'controlplane.cluster.x-k8s.io/v1alpha2',
  kind: 'KamajiControlPlane',
  metadata: { name: 'shop', namespace: 'team', uid: 'here', generation: 1 },
  spec: { version: '1.35.4', replicas: 2 },
};
const cluster: Cluster = {
  apiVersion: 'cluster.x-k8s.io/v1beta2',
  kind: 'Cluster',
  metadata: { name: 'shop', namespace: 'team' },
};

/** The status of a control plane whose tenant is fine but for what is given, while these pods run. */
function statusWith(
  running: readonly Pod[],
  deployment: Readonly<Record<string, number>>,
  progressing?: string,
): KamajiControlPlaneStatus {
  const types = ['Ready', 'Available', 'BootstrapReady', 'DataStoreReady'];
  const state = (type: string, reason = type) => ({
    type,
    status: 'True' as const,
    reason,
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  const tenantControlPlane: TenantControlPlane = {
    ...desiredTenantControlPlane(controlPlane, cluster),
    status: {
      kubernetesResources: { deployment: { selector: 'app=shop', ...deployment } },
      conditions: [
        ...types.map((type) => state(type)),
        ...(progressing === undefined ? [] : [state('Progressing', progressing)]),
      ],
    },
  };
  const findings = [
    { type: 'TenantControlPlaneCreated', status: 'True', reason: 'Succeeded', message: '' },
    { type: 'EndpointReady', status: 'True', reason: 'EndpointReady', message: '' },
    { type: 'CertificatesAvailable', status: 'True', reason: 'Available', message: '' },
    { type: 'BootstrapConfigReady', status: 'True', reason: 'BootstrapConfigReady', message: '' },
    { type: 'InfrastructureClusterPatched', status: 'True', reason: 'NotNeeded', message: '' },
    { type: 'WorkersFollow', status: 'True', reason: 'NotRequested', message: '' },
  ] as const;
  return statusOf(controlPlane, { findings, tenantControlPlane, pods: running }, clock);
}

const pod = (version: string): Pod => ({
  spec: { containers: [{ name: 'kube-apiserver', image: `registry.k8s.io/kube-apiserver:${version}` }] },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
});
const settled = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
const status = statusWith([pod('v1.35.4'), pod('v1.35.4')], settled);

/** The schema at a path of a kind. */
function schemaAt({ spec }: (typeof crds)[number], path: string): JsonSchema | undefined {
  return path
    .split('.')
    .reduce<JsonSchema | undefined>((at, name) => at?.properties?.[name], spec.versions[0].schema.openAPIV3Schema);
}
const ofControlPlane = (path: string): JsonSchema | undefined => schemaAt(kamajiControlPlaneCrd, path);
const ofTemplate = (path: string): JsonSchema | undefined => schemaAt(kamajiControlPlaneTemplateCrd, path);

const checks: Readonly<Record<number, () => void | Promise<void>>> = {
  1() {
    for (const { spec } of crds) {
      assert.equal(spec.scope, 'Namespaced');
      assert.equal(spec.names.listKind, `${spec.names.kind}List`);
    }
  },
  2() {
    for (const { metadata, spec } of crds) {
      assert.equal(metadata.name, `${spec.names.kind.toLowerCase()}s.controlplane.cluster.x-k8s.io`);
    }
  },
  async 3() {
    for (const { metadata, spec } of crds) {
      assert.equal(metadata.labels?.['cluster.x-k8s.io/v1beta2'], spec.versions[0].name);
    }
    assert.match(await readFile(new URL('metadata.yaml', root), 'utf8'), /contract: v1beta2/u);
  },
  7() {
    const { host, port } = ofControlPlane('spec.controlPlaneEndpoint')?.properties ?? {};
    assert.equal(host?.maxLength, 512);
    assert.deepEqual([port?.minimum, port?.maximum], [1, 65_535]);
  },
  8() {
    const { type, format } = ofControlPlane('spec.replicas') ?? {};
    assert.deepEqual([type, format], ['integer', 'int32']);
  },
  9() {
    const { selector, replicas, readyReplicas, availableReplicas, upToDateReplicas } = status;
    assert.deepEqual(
      { selector, replicas, readyReplicas, availableReplicas, upToDateReplicas },
      { selector: 'app=shop', replicas: 2, readyReplicas: 2, availableReplicas: 2, upToDateReplicas: 2 },
    );
  },
  10() {
    assert.deepEqual(kamajiControlPlaneCrd.spec.versions[0].subresources?.scale, {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    });
  },
  11() {
    const { minLength, maxLength } = ofControlPlane('spec.version') ?? {};
    assert.deepEqual([minLength, maxLength], [1, 256]);
    assert.equal(desiredTenantControlPlane(controlPlane, cluster).spec.kubernetes.version, 'v1.35.4');
    assert.equal(controlPlane.spec.version, '1.35.4', 'what the user wrote stays: core compares it as a text');
  },
  12() {
    const mixed = statusWith([pod('v1.36.0'), pod('v1.35.10'), pod('v1.35.10')], settled);
    assert.deepEqual(mixed.versions, [
      { version: 'v1.35.10', replicas: 2 },
      { version: 'v1.36.0', replicas: 1 },
    ]);
    assert.equal(mixed.version, 'v1.35.10');
  },
  13() {
    const before = statusWith([pod('v1.34.2')], settled);
    assert.equal(before.versions?.[0]?.version, 'v1.34.2', 'although the spec asks for 1.35.4');
  },
  14() {
    assert.equal(ofControlPlane('spec.machineTemplate'), undefined);
  },
  15() {
    assert.equal(status.externalManagedControlPlane, true);
  },
  16() {
    const after = '2026-01-01T00:00:00Z';
    const old: Pod = { metadata: { creationTimestamp: '2025-12-31T00:00:00Z' } };
    const waiting = { ...controlPlane, spec: { ...controlPlane.spec, rollout: { after } } };
    assert.equal(rolloutAfter(waiting, undefined, [old], Date.parse(after)).mark, after);
  },
  18() {
    assert.equal(status.initialization?.controlPlaneInitialized, true);
    assert.equal(ofControlPlane('status.initialization')?.minProperties, 1);
  },
  19() {
    assert.deepEqual([status.failureReason, status.failureMessage], [undefined, undefined]);
  },
  20() {
    for (const { type, status: state, reason, message, lastTransitionTime } of status.conditions ?? []) {
      assert.ok(
        [type, reason, lastTransitionTime].every((text) => text.length > 0),
        type,
      );
      assert.ok(['True', 'False', 'Unknown'].includes(state) && typeof message === 'string', type);
    }
  },
  21() {
    const rolling = statusWith(
      [pod('v1.34.2'), pod('v1.35.4')],
      { replicas: 3, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2 },
      'RollingOut',
    );
    assert.equal(findCondition(rolling.conditions, 'RollingOut')?.status, 'True');
    assert.equal(findCondition(rolling.conditions, 'Available')?.status, 'True');
  },
  22() {
    const known: Readonly<Record<string, readonly string[]>> = kamajiControlPlaneConditions;
    assert.deepEqual((status.conditions ?? []).map(({ type }) => type).toSorted(), Object.keys(known).toSorted());
    for (const { type, reason } of status.conditions ?? []) assert.ok(known[type]?.includes(reason), type);
    for (const type of ['RollingOut', 'ScalingUp', 'ScalingDown', 'Deleting', 'Paused']) {
      assert.equal(findCondition(status.conditions, type)?.status, 'False', type);
    }
  },
  23() {
    for (const condition of status.conditions ?? []) assert.notEqual(condition.observedGeneration, undefined);
    assert.equal(findCondition(status.conditions, 'Ready')?.status, 'True');
    assert.notEqual(status.observedGeneration, undefined);
  },
  24() {
    assert.equal(kamajiControlPlaneTemplateCrd.spec.names.kind, 'KamajiControlPlaneTemplate');
    assert.deepEqual(Object.keys(ofTemplate('spec.template.metadata')?.properties ?? {}).toSorted(), [
      'annotations',
      'labels',
    ]);
  },
  25() {
    const ours = Object.keys(ofControlPlane('spec')?.properties ?? {});
    const inTemplate = new Set(Object.keys(ofTemplate('spec.template.spec')?.properties ?? {}));
    assert.deepEqual(ours.filter((name) => !inTemplate.has(name)).toSorted(), [
      'controlPlaneEndpoint',
      'replicas',
      'rollout',
      'version',
    ]);
  },
  26() {
    assert.equal(ownerCluster(ownedBy('v1/Secret/shop-shim', 'cluster.x-k8s.io/v1beta2/Cluster/shop')), 'shop');
  },
  27() {
    assert.ok(rules.some(({ resources, verbs }) => resources.includes('secrets') && verbs.includes('create')));
    assert.equal(labels.clusterName, 'cluster.x-k8s.io/cluster-name');
  },
  28() {
    assert.equal(ownerReference(controlPlane).controller, true);
  },
  29() {
    const owned = { metadata: { ownerReferences: [ownerReference(controlPlane)] } };
    assert.equal(foreignness(owned, controlPlane), undefined);
  },
  30() {
    const paused = pausedStatus(controlPlane, 'Cluster shop is paused', clock);
    const condition = findCondition(paused.conditions, 'Paused');
    assert.deepEqual([condition?.status, condition?.reason, condition?.observedGeneration], ['True', 'Paused', 1]);
    const carried = desiredTenantControlPlane(controlPlane, cluster).metadata.annotations;
    assert.equal(carried?.[annotations.blockMove], '');
  },
  async 32() {
    const flags = await readFile(new URL('flags.ts', root), 'utf8');
    for (const flag of ['--namespace <', '--watch-filter <']) assert.ok(flags.includes(flag), flag);
  },
  33() {
    assert.ok(rules.some(({ resources }) => resources.includes('machines')));
  },
  34() {
    assert.equal(ownerCluster(ownedBy('cluster.x-k8s.io/v1beta1/Cluster/shop')), 'shop');
    assert.equal(ownerCluster(ownedBy('example.com/v1/Cluster/shop')), undefined);
  },
};

suite('the Cluster API contract for control plane providers', () => {
  for (const item of table) {
    if ('doesNotApply' in item) continue;
    test(`item ${item.number}: ${item.asks}`, () => {
      const check = checks[item.number];
      assert.ok(check !== undefined, 'there is no check of this item');
      return check();
    });
  }

  test('has all its items in the table, in order', () => {
    assert.deepEqual(
      table.map(({ number }) => number),
      Array.from({ length: 37 }, (_one, index) => index + 1),
    );
  });

  test('is shown by tests that exist', async () => {
    for (const item of table) {
      for (const { file, test: name } of 'alsoShownBy' in item ? item.alsoShownBy : []) {
        assert.ok((await readFile(new URL(file, root), 'utf8')).includes(name), `${item.number}: ${name} in ${file}`);
      }
    }
    assert.ok(import.meta.url.endsWith(TESTS));
  });

  test('docs/contract.md is what the table says', async () => {
    assert.equal(await readFile(new URL('docs/contract.md', root), 'utf8'), contractDocument(table));
  });

  test('the whole status of a settled control plane', () => {
    const { conditions, ...rest } = status;
    assert.equal(conditions?.length, Object.keys(kamajiControlPlaneConditions).length);
    assert.deepEqual(rest, {
      observedGeneration: 1,
      initialization: { controlPlaneInitialized: true },
      externalManagedControlPlane: true,
      ready: true,
      versions: [{ version: 'v1.35.4', replicas: 2 }],
      version: 'v1.35.4',
      selector: 'app=shop',
      replicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      upToDateReplicas: 2,
    });
  });
});

/** A control plane with such owners, each as `apiVersion/kind/name`. */
function ownedBy(...owners: readonly string[]): KamajiControlPlane {
  const ownerReferences = owners.map((owner) => {
    const [name = '', kind = '', ...version] = owner.split('/').toReversed();
    return { apiVersion: version.toReversed().join('/'), kind, name, uid: owner };
  });
  return { ...controlPlane, metadata: { ...controlPlane.metadata, ownerReferences } };
}
