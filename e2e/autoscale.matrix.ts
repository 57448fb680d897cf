import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { labels } from '#api/labels.ts';
import {
  applyBareTenant,
  type BareTenant,
  type Condition,
  openBareTenant,
  removeBareTenants,
  waitForReason,
} from '#lab/bare-tenant.ts';
import { apply } from '#lab/cluster/kubectl.ts';
import { installMetricsServer, removeMetricsServer } from '#lab/cluster/metrics-server.ts';
import { applyTenant, openTenant, type TenantSpec, waitForControlPlane } from '#lab/tenant.ts';
import type { Lab } from '#lab/up.ts';
import { type Look, waitFor } from '#lab/wait.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import { isReady, restartsOf } from '#test/lab/manager.ts';
import { openLab } from '#test/lab/open-lab.ts';
import { beginInvariants, type Invariants } from './invariants.ts';
import { startLoad } from './load.ts';

const namespace = 'default';
const bare: BareTenant = { name: 'e2e-autoscale-bare', namespace, serviceType: 'LoadBalancer' };
const cluster: TenantSpec = {
  name: 'e2e-autoscale',
  namespace,
  template: 'cluster-template.yaml',
  controlPlaneReplicas: 1,
  workers: 0,
};

/** What a user's autoscaler is for. */
interface Target {
  readonly apiVersion: string;
  readonly kind: 'KamajiControlPlane' | 'TenantControlPlane';
  readonly name: string;
}
const tenantKind = { apiVersion: 'kamaji.clastix.io/v1alpha1', kind: 'TenantControlPlane' } as const;
const ofCluster: Target = {
  apiVersion: 'controlplane.cluster.x-k8s.io/v1alpha2',
  kind: 'KamajiControlPlane',
  name: cluster.name,
};
const ofBare: Target = { ...tenantKind, name: bare.name };
const targets = [ofCluster, ofBare];

/** Of what the containers of a pod ask for together: well above a pod at rest, well below one that is asked all the time. */
const utilization = 200;

suite('a user’s autoscaler decides how many pods a control plane has', { concurrency: 1 }, () => {
  const { signal } = new AbortController();
  const options = { signal, report: () => undefined };
  let lab: Lab;
  let invariants: Invariants;
  const atRest = new Map<string, readonly Pod[]>();
  const underLoad = new Map<string, readonly Pod[]>();

  before(async () => {
    lab = await openLab(signal);
    await cleanUp();
    invariants = await beginInvariants(lab, signal);
    await installMetricsServer(lab, options);
    await applyBareTenant(lab.kubectl, bare);
    await applyTenant(lab, cluster);
    await waitForReason(lab.kubectl, bare, 'Ready', 'Ready', 240, signal);
    await waitForControlPlane(lab, cluster, 300, options);
    for (const { name } of targets) atRest.set(name, await settled(name, 1));
    await apply(
      lab.kubectl,
      targets.map((target) => autoscaler(target, 1, 2)),
    );
  });
  after(() => cleanUp());

  test('load on its API server brings each a second pod, and the first is not touched', async (context) => {
    await Promise.all(
      targets.map(async ({ name }) => {
        await using load = await startLoad(await kubeconfigOf(name), signal);
        const both = await settled(name, 2);
        underLoad.set(name, both);
        context.diagnostic(`${name}: ${load.requests()} requests; ${await scaling(name)}`);
      }),
    );
    for (const { name } of targets) {
      const [first] = atRest.get(name) ?? [];
      const same = (underLoad.get(name) ?? []).find((pod) => uidOf(pod) === uidOf(first));
      assert.ok(same !== undefined, `the first pod of ${name} was replaced`);
      assert.equal(restartsOf(same), 0);
    }
  });

  test('without load one of the two goes, and the other is not touched', async (context) => {
    for (const { name } of targets) {
      const [left] = await settled(name, 1);
      assert.ok(left);
      assert.ok(
        (underLoad.get(name) ?? []).some((pod) => uidOf(pod) === uidOf(left)),
        `${name} has another pod`,
      );
      assert.equal(restartsOf(left), 0);
      context.diagnostic(`${name}: ${await scaling(name)}`);
    }
  });

  test('one on the TenantControlPlane of a KamajiControlPlane is no match for that, which says so', async () => {
    const condition = () => conditionOf(ofCluster, 'TenantControlPlaneCreated');
    assert.equal((await condition())?.reason, 'Succeeded');
    await lab.kubectl(['delete', 'hpa', cluster.name, '-n', namespace, '--wait']);
    // Wants one more than there may be, whatever the load.
    await apply(lab.kubectl, [autoscaler({ ...tenantKind, name: cluster.name }, 2, 3)]);
    const look = async (): Promise<Look<Condition>> => {
      const now = await condition();
      return now?.reason === 'ReplicasReset' ? { value: now } : { missing: now?.reason ?? 'no condition' };
    };
    const { status, message } = await waitFor('the condition', 120, look, options);
    assert.equal(status, 'True');
    assert.match(message, /kube-controller-manager .* KamajiControlPlane e2e-autoscale/u);
    const uid = await lab.kubectl([
      'get',
      ofCluster.kind,
      ofCluster.name,
      '-n',
      namespace,
      '-o',
      'jsonpath={.metadata.uid}',
    ]);
    const about = ['-n', namespace, `--field-selector=involvedObject.uid=${uid},reason=ReplicasReset`, '-o', 'name'];
    const event = async (): Promise<Look<true>> =>
      (await lab.kubectl(['get', 'events', ...about])) === '' ? { missing: 'no Event' } : { value: true };
    await waitFor('the Event', 60, event, options);
    await lab.kubectl(['delete', 'hpa', cluster.name, '-n', namespace, '--wait']);
    await settled(cluster.name, 1);
  });

  test('nothing else went wrong meanwhile', () => invariants.check());

  async function pods(name: string): Promise<readonly Pod[]> {
    const selection = ['-n', namespace, '-l', `${labels.name}=${name}`, '-o', 'json'];
    const { items } = JSON.parse(await lab.kubectl(['get', 'pods', ...selection])) as { items: readonly Pod[] };
    return items;
  }

  /** Waits until exactly so many pods are there, all ready, and answers them. */
  function settled(name: string, replicas: number): Promise<readonly Pod[]> {
    const look = async (): Promise<Look<readonly Pod[]>> => {
      const present = await pods(name);
      const ready = present.filter(isReady);
      if (ready.length === replicas && present.length === replicas) return { value: present };
      return { missing: `${ready.length} of ${present.length} pods ready, ${replicas} wanted; ${await scaling(name)}` };
    };
    return waitFor(`${replicas} pods of ${name}`, 480, look, options);
  }

  async function scaling(name: string): Promise<string> {
    const each = '{range .status.conditions[*]}{.type} {.status} {.message}; {end}';
    const path = `jsonpath={.status.currentMetrics[*].resource.current.averageUtilization} % ${each}`;
    return lab.kubectl(['get', 'hpa', name, '-n', namespace, '--ignore-not-found', '-o', path]);
  }

  async function kubeconfigOf(name: string): Promise<string> {
    return name === bare.name ? openBareTenant(lab, bare) : (await openTenant(lab, cluster, signal)).kubeconfig;
  }

  async function conditionOf({ kind, name }: Target, type: string): Promise<Condition | undefined> {
    const path = `jsonpath={.status.conditions[?(@.type=="${type}")]}`;
    const text = await lab.kubectl(['get', kind.toLowerCase(), name, '-n', namespace, '-o', path]);
    return text === '' ? undefined : (JSON.parse(text) as Condition);
  }

  async function cleanUp(): Promise<void> {
    const gone = ['-n', namespace, '--ignore-not-found', '--wait', '--timeout=300s'];
    await lab.kubectl(['delete', 'hpa', cluster.name, bare.name, ...gone]);
    await lab.kubectl(['delete', 'cluster', cluster.name, ...gone]);
    for (const kind of ['devmachinetemplate', 'kubeadmconfigtemplate']) {
      await lab.kubectl(['delete', kind, `${cluster.name}-md-0`, ...gone]);
    }
    await removeBareTenants(lab.kubectl, [bare]);
    await removeMetricsServer(lab.kubectl);
  }
});

function autoscaler(scaleTargetRef: Target, minReplicas: number, maxReplicas: number): object {
  const target = { type: 'Utilization', averageUtilization: utilization };
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: scaleTargetRef.name, namespace },
    spec: {
      scaleTargetRef,
      minReplicas,
      maxReplicas,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
      // A user would take longer.
      behavior: { scaleDown: { stabilizationWindowSeconds: 15 } },
    },
  };
}

function uidOf(pod: Pod | undefined): string {
  return pod?.metadata?.uid ?? '';
}
