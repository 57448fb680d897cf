import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TenantControlPlane, TenantControlPlaneStatus } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenantControlPlaneConditions } from '#api/kamaji/v1alpha1/tenant-control-plane-conditions.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { TenantParts } from '#controlplane/tenant-control-plane.fake.ts';
import { address, tenant } from '#controlplane/tenant-control-plane.fake.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { applyMergePatch } from '#runtime/client/merge-patch.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import type { Finding } from './finding.ts';
import type { Storage } from './phases/storage.ts';
import type { PassResult } from './status.ts';
import { READY_CONDITIONS, statusOf } from './status.ts';

const names = namesOfControlPlane('demo');
const settled = { complete: true, serving: true, asleep: false, stalled: false };
const storage: Storage = {
  dataStoreName: 'one',
  identity: 'store-1',
  config: { driver: 'etcd', endpoints: ['etcd:2379'], fingerprint: '' },
  names: { schema: 's', user: 'u' },
  overrides: [],
  drafts: [],
  renewAt: undefined,
  reissued: [],
};
const drafts = [
  { name: names.ca, component: 'ca', data: { 'ca.crt': '1' } },
  { name: names.adminKubeconfig, component: 'admin-kubeconfig', data: { 'admin.conf': '1' } },
  { name: names.datastoreConfig, component: 'datastore-config', data: { DB_USER: 'u' } },
];

function good(type: Finding['type']): Finding {
  return { type, status: 'True', reason: tenantControlPlaneConditions[type][0], message: `${type} is so` };
}

const allGood = READY_CONDITIONS.map(good);

function result(more: Partial<PassResult> = {}): PassResult {
  return {
    findings: allGood,
    names,
    konnectivity: true,
    endpoint: {
      address,
      service: { metadata: { name: 'demo', namespace: 'tenants' } },
    },
    exposure: undefined,
    storage,
    drafts,
    deployment: {
      metadata: { name: 'demo', namespace: 'tenants' },
      spec: { selector: { matchLabels: { 'kamaji.clastix.io/name': 'demo' } }, template: {} },
      status: { observedGeneration: 3, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 },
    },
    rollout: settled,
    ...more,
  };
}

/** A control plane as it is after a pass of that result. */
function after(more: Partial<PassResult> = {}, before = subject(), clock = new FakeClock()): TenantControlPlane {
  const status: unknown = applyMergePatch(
    before.status,
    statusOf(before, result(more), clock, () => undefined),
  );
  return { ...before, status: status as TenantControlPlaneStatus };
}

function subject(parts: TenantParts = {}): TenantControlPlane {
  const made = tenant(parts);
  return { ...made, metadata: { ...made.metadata, generation: 7 } };
}

function conditionOf({ status }: TenantControlPlane, type: string): string {
  const condition = findCondition(status?.conditions, type);
  return `${condition?.status} ${condition?.reason}`;
}

suite('the status after a pass', () => {
  test('is the same after another pass that found the same, however late', () => {
    const first = after();
    const later = new FakeClock(Date.UTC(2027, 0, 1));
    assert.deepEqual(after({}, first, later).status, first.status);
  });

  test('moves the date of what changed and of nothing else', () => {
    const first = after();
    const [ca, ...others] = drafts;
    assert.ok(ca !== undefined);
    const renewed = [{ ...ca, data: { 'ca.crt': '2' } }, ...others];
    const findings = allGood.map((finding) =>
      finding.type === 'DataStoreReady'
        ? { ...finding, status: 'False' as const, reason: 'SetupFailed' as const }
        : finding,
    );
    const { status } = after({ drafts: renewed, findings }, first, new FakeClock(Date.UTC(2027, 0, 1)));
    assert.equal(status?.certificates?.ca?.lastUpdate, '2027-01-01T00:00:00Z');
    assert.deepEqual(status?.kubeconfig?.admin, first.status?.kubeconfig?.admin);
    assert.deepEqual(status?.storage?.setup, first.status?.storage?.setup);
    const moved = status?.conditions?.filter(({ lastTransitionTime }) => lastTransitionTime === '2027-01-01T00:00:00Z');
    assert.deepEqual(
      moved?.map(({ type }) => type),
      ['DataStoreReady', 'Ready'],
    );
  });

  test('keeps what it said of steps that a pass did not reach', () => {
    const first = after();
    const { status } = after({ endpoint: undefined, storage: undefined, drafts: [], deployment: undefined }, first);
    assert.deepEqual(status, first.status);
  });

  test('names the store that the tenant is on, and what it is called there', () => {
    const { status } = after();
    assert.deepEqual(status?.storage, {
      driver: 'etcd',
      dataStoreName: 'one',
      identity: 'store-1',
      config: { secretName: names.datastoreConfig, checksum: status?.storage?.config?.checksum },
      setup: { ...status?.storage?.setup, schema: 's', user: 'u' },
    });
  });

  test('records no identity where the store has told none', () => {
    const { status } = after({ storage: { ...storage, identity: undefined } });
    assert.ok(status?.storage !== undefined && !('identity' in status.storage));
  });

  test('writes zeros out: an autoscaler takes an absent number for an unknown one', () => {
    const deployment = { metadata: { name: 'demo', namespace: 'tenants' } };
    const { status } = after({ deployment, rollout: { ...settled, complete: false, serving: false } });
    const { replicas, updatedReplicas, readyReplicas, availableReplicas, unavailableReplicas } =
      status?.kubernetesResources?.deployment ?? {};
    assert.deepEqual(
      [replicas, updatedReplicas, readyReplicas, availableReplicas, unavailableReplicas],
      [0, 0, 0, 0, 0],
    );
  });

  test('forgets the addresses of a load balancer that is none any more', () => {
    const { endpoint } = result();
    assert.ok(endpoint !== undefined);
    const service = { ...endpoint.service, status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } };
    const balanced = after({ endpoint: { ...endpoint, service } });
    assert.deepEqual(balanced.status?.kubernetesResources?.service?.loadBalancer, { ingress: [{ ip: '192.0.2.1' }] });
    assert.deepEqual(after({}, balanced).status?.kubernetesResources?.service?.loadBalancer, { ingress: [] });
  });

  test('gives autoscalers the selector of the pods', () => {
    const { status } = after();
    assert.equal(status?.kubernetesResources?.deployment?.selector, 'kamaji.clastix.io/name=demo');
  });

  test('says which addons there are, and what was decided about the tunnel', () => {
    const { status } = after({ konnectivity: false }, subject({ addons: { coreDNS: {} } }));
    assert.deepEqual(status?.addons, {
      coreDNS: { enabled: true },
      kubeProxy: { enabled: false },
      konnectivity: { enabled: false },
    });
  });

  test('says for which generation of the spec it was found', () => {
    const { status } = after();
    assert.equal(status?.observedGeneration, 7);
    assert.ok(status.conditions?.every(({ observedGeneration }) => observedGeneration === 7));
  });
});

suite('the conditions that follow from the others', () => {
  const bad = (type: Finding['type']): Finding => ({ ...good(type), status: 'False', message: `${type} is not so` });
  const without = (...failing: readonly Finding['type'][]): readonly Finding[] =>
    allGood.map((finding) => (failing.includes(finding.type) ? bad(finding.type) : finding));
  const readiness: readonly [why: string, findings: readonly Finding[], reason: string, message: RegExp][] = [
    ['all that it takes is there', allGood, 'True Ready', /can be used/u],
    [
      'the one thing that fails is named',
      without('DataStoreReady'),
      'False DataStoreNotReady',
      /DataStoreReady is not so/u,
    ],
    [
      'of several the first is what the others wait for',
      without('AddonsReady', 'EndpointReady'),
      'False EndpointNotReady',
      /Endpoint/u,
    ],
    ['pods that are not ready count', without('ControlPlaneReady'), 'False ControlPlaneNotReady', /ControlPlane/u],
    ['applied addons count', without('AddonsReady'), 'False AddonsNotReady', /Addons/u],
    ['what nobody looked at is not taken to be good', allGood.slice(1), 'False EndpointNotReady', /not known/u],
  ];
  for (const [why, findings, reason, message] of readiness) {
    test(`Ready ${reason}: ${why}`, () => {
      const subject = after({ findings });
      assert.equal(conditionOf(subject, 'Ready'), reason);
      assert.match(findCondition(subject.status?.conditions, 'Ready')?.message ?? '', message);
    });
  }

  const rollouts: readonly [why: string, rollout: PassResult['rollout'], available: string, progressing: string][] = [
    ['all is as it should be', settled, 'True Available', 'False Settled'],
    ['new pods come beside old ones', { ...settled, complete: false }, 'True Available', 'True RollingOut'],
    [
      'none was there before',
      { ...settled, complete: false, serving: false },
      'False NotAvailable',
      'True Provisioning',
    ],
    ['none is wanted', { ...settled, serving: false, asleep: true }, 'False Asleep', 'False Settled'],
    [
      'none is wanted, and the last one still answers',
      { ...settled, complete: false, asleep: true },
      'False Asleep',
      'False Settled',
    ],
  ];
  for (const [why, rollout, available, progressing] of rollouts) {
    test(`Available ${available}, Progressing ${progressing}: ${why}`, () => {
      const subject = after({ rollout });
      assert.equal(conditionOf(subject, 'Available'), available);
      assert.equal(conditionOf(subject, 'Progressing'), progressing);
    });
  }

  test('an upgrade is called one until all pods run the new version', () => {
    const before = { ...subject(), status: { kubernetesResources: { version: { version: 'v1.34.1' } } } };
    const upgrading = after({ rollout: { ...settled, complete: false } }, before);
    assert.equal(conditionOf(upgrading, 'Progressing'), 'True Upgrading');
    assert.equal(conditionOf(after({}, upgrading), 'Progressing'), 'False Settled');
  });

  test('a rollout that does not come on says so, and what keeps it, although the API server is served', () => {
    const message = 'the API server is served while no node takes pod demo-1';
    const findings = allGood.map((finding) =>
      finding.type === 'ControlPlaneReady' ? { ...finding, message } : finding,
    );
    const stalled = after({ findings, rollout: { ...settled, complete: false, stalled: true } });
    assert.equal(conditionOf(stalled, 'Progressing'), 'True Stalled');
    assert.equal(findCondition(stalled.status?.conditions, 'Progressing')?.message, message);
  });

  test('a sleeping control plane is not ready for that reason', () => {
    const asleep = { ...settled, serving: false, asleep: true };
    const subject = after({ rollout: asleep, findings: without('ControlPlaneReady', 'BootstrapReady', 'AddonsReady') });
    assert.equal(conditionOf(subject, 'Ready'), 'False Asleep');
  });
});

suite('the version that is shown as installed', () => {
  const cases: readonly [why: string, installed: string | undefined, rollout: PassResult['rollout'], shown: unknown][] =
    [
      [
        'pods come up for the first time',
        undefined,
        { ...settled, complete: false, serving: false },
        { status: 'Provisioning' },
      ],
      ['all pods run it', undefined, settled, { version: 'v1.35.4', status: 'Ready' }],
      [
        'some pods run another one',
        'v1.34.1',
        { ...settled, complete: false },
        { version: 'v1.34.1', status: 'Upgrading' },
      ],
      [
        'no pod runs another one',
        'v1.34.1',
        { ...settled, serving: false, asleep: true },
        { version: 'v1.35.4', status: 'Sleeping' },
      ],
    ];
  for (const [why, installed, rollout, shown] of cases) {
    test(`${JSON.stringify(shown)}: ${why}`, () => {
      const status = installed === undefined ? {} : { kubernetesResources: { version: { version: installed } } };
      const { kubernetesResources } = after({ rollout }, { ...subject(), status }).status ?? {};
      assert.deepEqual(kubernetesResources?.version, shown);
    });
  }
});
