import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { ROLLOUT_AFTER, rolloutAfter } from './rollout-after.ts';

const noon = Date.UTC(2026, 0, 1, 12);
const at = (hour: number): string => new Date(Date.UTC(2026, 0, 1, hour)).toISOString();

function controlPlane(after?: string): KamajiControlPlane {
  const spec = { version: 'v1.35.4', ...(after === undefined ? {} : { rollout: { after } }) };
  return { apiVersion: '', kind: 'KamajiControlPlane', metadata: {}, spec };
}

function tenant(mark?: string): TenantControlPlane {
  const annotations = mark === undefined ? {} : { [ROLLOUT_AFTER]: mark };
  const deployment = { podAdditionalMetadata: { annotations } };
  const service = { serviceType: 'ClusterIP' } as const;
  const spec = { controlPlane: { service, deployment }, kubernetes: { version: 'v1.35.4', kubelet: {} } };
  return { apiVersion: '', kind: 'TenantControlPlane', metadata: {}, spec };
}

suite('spec.rollout.after', () => {
  const cases: readonly [string, string | undefined, string | undefined, string, ReturnType<typeof rolloutAfter>][] = [
    ['absent, nothing happens', undefined, undefined, at(1), { mark: undefined }],
    ['replaces pods that are older, once the time has come', at(11), undefined, at(1), { mark: at(11) }],
    ['leaves pods alone that are newer', at(11), undefined, at(11.5), { mark: undefined }],
    ['waits for a time to come', at(13), undefined, at(1), { mark: undefined, requeueAfterMs: 3_600_000 }],
    ['does not replace pods twice', at(11), at(11), at(11.5), { mark: at(11) }],
    ['does not replace pods when it is taken away', undefined, at(11), at(11.5), { mark: at(11) }],
    ['replaces pods again at a later time', at(11.75), at(11), at(11.5), { mark: at(11.75) }],
  ];
  for (const [name, after, mark, podCreated, expected] of cases) {
    test(name, () => {
      const pods = [{ metadata: { creationTimestamp: podCreated } }];
      assert.deepEqual(rolloutAfter(controlPlane(after), tenant(mark), pods, noon), expected);
    });
  }
});
