import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { labels } from '#api/labels.ts';
import { deployApplication } from '#lab/application.ts';
import type { Kubectl } from '#lab/cluster/kubectl.ts';
import { applyTenant, openTenant, type TenantSpec, waitForControlPlane, waitForNodes } from '#lab/tenant.ts';
import type { Lab } from '#lab/up.ts';
import { type Look, waitFor } from '#lab/wait.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import { isReady, restartsOf } from '#test/lab/manager.ts';
import { openLab } from '#test/lab/open-lab.ts';
import { beginInvariants, type Invariants } from './invariants.ts';
import { forwardPort } from './port-forward.ts';

const namespace = 'default';
const name = 'e2e-konnectivity';
const spec: TenantSpec = { name, namespace, template: 'cluster-template.yaml', controlPlaneReplicas: 2, workers: 1 };

suite('nodes are reached through every replica of a control plane, however many there are', { concurrency: 1 }, () => {
  const { signal } = new AbortController();
  const options = { signal, report: () => undefined };
  let lab: Lab;
  let invariants: Invariants;
  let tenant: Kubectl;

  before(async () => {
    lab = await openLab(signal);
    await removeCluster();
    invariants = await beginInvariants(lab, signal);
    await applyTenant(lab, spec);
    await waitForControlPlane(lab, spec, 300, options);
    ({ kubectl: tenant } = await openTenant(lab, spec, signal));
    await waitForNodes(tenant, spec.workers, 300, options);
    await deployApplication(tenant, lab.images, spec.workers, options);
  });
  after(() => removeCluster());

  for (const [replicas, because] of [
    [2, 'as it was made'],
    [3, 'scaled up'],
    [1, 'scaled down'],
  ] as const) {
    test(`kubectl logs works through each of ${replicas}, ${because}, and no pod that stays is touched`, async () => {
      const before = new Set((await controlPlanePods()).map(uidOf));
      await lab.kubectl(['scale', 'kamajicontrolplane', name, '-n', namespace, `--replicas=${replicas}`]);
      const pods = await settled(replicas);
      const stayed = pods.filter((pod) => before.has(uidOf(pod)));
      assert.equal(stayed.length, Math.min(before.size, replicas), 'pods that were there before');
      assert.deepEqual(
        pods.map(restartsOf),
        Array.from(pods, () => 0),
      );
      for (const pod of pods) await logsThrough(pod);
    });
  }

  test('nothing else went wrong meanwhile', () => invariants.check());

  async function controlPlanePods(): Promise<readonly Pod[]> {
    const selection = ['-n', namespace, '-l', `${labels.name}=${name}`, '-o', 'json'];
    const { items } = JSON.parse(await lab.kubectl(['get', 'pods', ...selection])) as { items: readonly Pod[] };
    return items;
  }

  function settled(replicas: number): Promise<readonly Pod[]> {
    const look = async (): Promise<Look<readonly Pod[]>> => {
      const pods = await controlPlanePods();
      const ready = pods.filter(isReady);
      if (ready.length === replicas && pods.length === replicas) return { value: pods };
      return { missing: `${ready.length} of ${pods.length} pods ready, ${replicas} wanted` };
    };
    return waitFor(`${replicas} pods of ${name}`, 240, look, options);
  }

  /** Asks the API server of this one pod; the agents find a new server within seconds. */
  async function logsThrough(pod: Pod): Promise<void> {
    await using forward = await forwardPort(lab, namespace, `pod/${pod.metadata?.name ?? ''}`, 6443);
    const server = [`--server=https://127.0.0.1:${forward.port}`, '--tls-server-name=kubernetes'];
    const look = async (): Promise<Look<true>> => {
      await tenant([...server, 'logs', '-n', namespace, 'deployment/web', '--tail=1', '--request-timeout=20s']);
      return { value: true };
    };
    await waitFor(`kubectl logs through ${pod.metadata?.name ?? ''}`, 90, look, options);
  }

  async function removeCluster(): Promise<void> {
    const gone = ['-n', namespace, '--ignore-not-found', '--wait', '--timeout=300s'];
    await lab.kubectl(['delete', 'cluster', name, ...gone]);
    for (const kind of ['devmachinetemplate', 'kubeadmconfigtemplate']) {
      await lab.kubectl(['delete', kind, `${name}-md-0`, ...gone]);
    }
  }
});

function uidOf({ metadata }: Pod): string {
  return metadata?.uid ?? '';
}
