import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TenantControlPlaneStatus } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenant } from '#controlplane/tenant-control-plane.fake.ts';
import { konnectivityEnabled } from './konnectivity.ts';

const decided = (enabled: boolean): TenantControlPlaneStatus => ({ addons: { konnectivity: { enabled } } });
const provisioned: TenantControlPlaneStatus = { kubernetesResources: { deployment: { name: 'demo' } } };
const cases: readonly [
  why: string,
  enabled: boolean,
  addon: { enabled?: boolean } | undefined,
  status: TenantControlPlaneStatus | undefined,
  installationDefault: boolean,
][] = [
  ['a new tenant that says nothing gets what the installation gives', true, undefined, undefined, true],
  ['and that may be nothing', false, undefined, undefined, false],
  ['the spec wins over the installation', false, { enabled: false }, undefined, true],
  ['in both directions', true, { enabled: true }, undefined, false],
  ['naming the addon switches it on, as upstream', true, {}, undefined, false],
  ['what was decided stays when the installation changes its mind', false, undefined, decided(false), true],
  ['also the other way round', true, undefined, decided(true), false],
  ['the spec wins over what was decided', true, { enabled: true }, decided(false), false],
  ['a tenant that upstream has provisioned without it is not given one', false, undefined, provisioned, true],
  ['but its spec may name it', true, {}, provisioned, false],
];
for (const [why, enabled, konnectivity, status, installationDefault] of cases) {
  test(`the tunnel is ${enabled ? 'on' : 'off'}: ${why}`, () => {
    const subject = tenant(konnectivity === undefined ? {} : { addons: { konnectivity } });
    const withStatus = status === undefined ? subject : { ...subject, status };
    assert.equal(konnectivityEnabled(withStatus, installationDefault), enabled);
  });
}
