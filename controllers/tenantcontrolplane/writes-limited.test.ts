import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TenantParts } from '#controlplane/tenant-control-plane.fake.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import { versionStateOf } from './rollout.ts';
import { writesLimitedFinding } from './writes-limited.ts';

suite('whether a tenant’s writes are limited', () => {
  const settled = { complete: true, serving: true, asleep: false, stalled: false };
  const withFlags = (...apiServer: string[]): TenantParts => ({ deployment: { extraArgs: { apiServer } } });
  const cases: readonly [
    why: string,
    parts: TenantParts,
    limited: boolean,
    state: string,
    says: string,
    message: RegExp,
  ][] = [
    ['nothing is asked for', {}, false, 'Ready', 'False NotLimited', /limits nothing/u],
    ['creating is refused', {}, true, 'WriteLimited', 'True Limited', /by spec\.writePermissions\.blockCreation$/u],
    [
      'the flags of an adopted object leave no place for a limit',
      withFlags('--v=2', '--authorization-mode=RBAC'),
      true,
      'Ready',
      'False OwnAuthorizationFlags',
      /--authorization-mode in spec\.controlPlane\.deployment\.extraArgs\.apiServer wins: remove one of them/u,
    ],
    [
      'such flags are nothing to worry about without a limit',
      withFlags('--authorization-config=/etc/authz.yaml'),
      false,
      'Ready',
      'False NotLimited',
      /limits nothing/u,
    ],
    [
      'an adopted API server is too old for it',
      { kubernetes: { version: 'v1.29.9' } },
      true,
      'Ready',
      'False VersionUnsupported',
      /not enforced by v1\.29\.9: it needs Kubernetes v1\.30/u,
    ],
  ];
  for (const [why, parts, limited, state, says, message] of cases) {
    test(`${says}, and the state is ${state}: ${why}`, () => {
      const made = tenant(parts);
      const { version } = made.spec.kubernetes;
      const subject = {
        ...made,
        spec: { ...made.spec, writePermissions: { blockCreation: limited, blockUpdate: false } },
        status: { kubernetesResources: { version: { version } } },
      };
      const finding = writesLimitedFinding(subject);
      assert.equal(`${finding.status} ${finding.reason}`, says);
      assert.match(finding.message, message);
      assert.equal(versionStateOf(subject, settled), state);
    });
  }

  test('under Cluster API it is said that machines wait, too', () => {
    const made = tenant();
    const { message } = writesLimitedFinding({
      ...made,
      metadata: { ...made.metadata, labels: { 'cluster.x-k8s.io/cluster-name': 'demo' } },
      spec: { ...made.spec, writePermissions: { blockUpdate: true } },
    });
    assert.match(message, /by spec\.writePermissions\.blockUpdate; so is Cluster API, whose machines/u);
  });
});
