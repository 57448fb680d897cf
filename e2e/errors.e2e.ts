import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { apply } from '#lab/cluster/kubectl.ts';
import type { Lab } from '#lab/up.ts';
import { kubernetesVersion } from '#lab/versions.ts';
import { type Look, waitFor } from '#lab/wait.ts';
import { openLab } from './lab.ts';

const namespace = 'default';
const name = 'e2e-errors';
const occupied = 31_443;

/** A condition of a TenantControlPlane, as a user reads it. */
interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

suite('what goes wrong is said in a condition, and heals when its cause goes', { concurrency: 1 }, () => {
  const { signal } = new AbortController();
  const options = { signal, report: () => undefined };
  let lab: Lab;

  before(async () => {
    lab = await openLab(signal);
    await cleanUp();
  });
  after(() => cleanUp());

  test('a Kubernetes version without images is ImageUnavailable until the version is corrected', async () => {
    await apply(lab.kubectl, [tenant({ version: 'v1.35.99' })]);
    const { message } = await reason('ControlPlaneReady', 'ImageUnavailable', 120);
    assert.match(message, /kube-apiserver:v1\.35\.99/);
    assert.match(message, /spec\.kubernetes\.version/);

    await apply(lab.kubectl, [tenant({ version: kubernetesVersion })]);
    await reason('Ready', 'Ready', 180);
  });

  test('a node port that another Service has is PortOccupied until it is freed', async () => {
    await lab.kubectl(['delete', 'tcp', name, '-n', namespace, '--wait', '--timeout=120s']);
    await apply(lab.kubectl, [squatter()]);
    await apply(lab.kubectl, [tenant({ version: kubernetesVersion, nodePort: occupied })]);
    const { message } = await reason('EndpointReady', 'PortOccupied', 60);
    assert.match(message, new RegExp(String(occupied)));
    assert.match(message, /spec\.networkProfile\.port/);

    await lab.kubectl(['delete', 'service', `${name}-squatter`, '-n', namespace]);
    await reason('Ready', 'Ready', 180);
  });

  /** Waits until the condition has that reason. */
  async function reason(type: string, wanted: string, timeoutSeconds: number): Promise<Condition> {
    return waitFor(
      `${type} to be ${wanted}`,
      timeoutSeconds,
      async (): Promise<Look<Condition>> => {
        const path = `jsonpath={.status.conditions[?(@.type=="${type}")]}`;
        const text = await lab.kubectl(['get', 'tcp', name, '-n', namespace, '-o', path]);
        const condition = text === '' ? undefined : (JSON.parse(text) as Condition);
        if (condition?.reason === wanted) return { value: condition };
        return { missing: `${condition?.reason ?? 'nothing'}: ${condition?.message ?? ''}` };
      },
      options,
    );
  }

  async function cleanUp(): Promise<void> {
    const gone = ['-n', namespace, '--ignore-not-found', '--wait', '--timeout=120s'];
    await lab.kubectl(['delete', 'tcp', name, ...gone]);
    await lab.kubectl(['delete', 'service', `${name}-squatter`, ...gone]);
  }
});

function tenant({ version, nodePort }: { readonly version: string; readonly nodePort?: number }): object {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { name, namespace },
    spec: {
      controlPlane: {
        deployment: { replicas: 1 },
        service: { serviceType: nodePort === undefined ? 'ClusterIP' : 'NodePort' },
      },
      kubernetes: { version, kubelet: {} },
      ...(nodePort === undefined ? {} : { networkProfile: { address: '192.0.2.1', port: nodePort } }),
    },
  };
}

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
