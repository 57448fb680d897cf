import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { apply } from '#lab/cluster/kubectl.ts';
import type { Lab } from '#lab/up.ts';
import {
  applyBareTenant,
  type BareTenant,
  type Condition,
  removeBareTenants,
  waitForReason,
} from '#lab/bare-tenant.ts';
import { beginInvariants, type Invariants } from './invariants.ts';
import { openLab } from '#test/lab/open-lab.ts';

const namespace = 'default';
const name = 'e2e-errors';
const tenant: BareTenant = { name, namespace };
const occupied = 31_443;

suite('what goes wrong is said in a condition, and heals when its cause goes', { concurrency: 1 }, () => {
  const { signal } = new AbortController();
  let lab: Lab;
  let invariants: Invariants;

  before(async () => {
    lab = await openLab(signal);
    await cleanUp();
    invariants = await beginInvariants(lab, signal);
  });
  after(() => cleanUp());

  test('a Kubernetes version without images is ImageUnavailable until the version is corrected', async () => {
    await applyBareTenant(lab.kubectl, { ...tenant, version: 'v1.35.99' });
    const { message } = await reason('ControlPlaneReady', 'ImageUnavailable', 120);
    assert.match(message, /kube-apiserver:v1\.35\.99/);
    assert.match(message, /spec\.kubernetes\.version/);

    await applyBareTenant(lab.kubectl, tenant);
    await reason('Ready', 'Ready', 180);
    await invariants.checkContainers();
  });

  test('a node port that another Service has is PortOccupied until it is freed', async () => {
    await removeBareTenants(lab.kubectl, [tenant]);
    await apply(lab.kubectl, [squatter()]);
    await applyBareTenant(lab.kubectl, { ...tenant, nodePort: occupied });
    const { message } = await reason('EndpointReady', 'PortOccupied', 60);
    assert.match(message, new RegExp(String(occupied)));
    assert.match(message, /spec\.networkProfile\.port/);

    await lab.kubectl(['delete', 'service', `${name}-squatter`, '-n', namespace]);
    await reason('Ready', 'Ready', 180);
  });

  test('nothing else went wrong meanwhile', () => invariants.check());

  const reason = (type: string, wanted: string, timeoutSeconds: number): Promise<Condition> =>
    waitForReason(lab.kubectl, tenant, type, wanted, timeoutSeconds, signal);

  async function cleanUp(): Promise<void> {
    await removeBareTenants(lab.kubectl, [tenant]);
    await lab.kubectl(['delete', 'service', `${name}-squatter`, '-n', namespace, '--ignore-not-found']);
  }
});

function squatter(): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `${name}-squatter`, namespace },
    spec: {
      type: 'NodePort',
      selector: { app: 'nobody' },
      ports: [{ name: 'https', port: 443, targetPort: 443, nodePort: occupied }],
    },
  };
}
