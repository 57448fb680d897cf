import assert from 'node:assert/strict';
import { after, before, suite, test, type TestContext } from 'node:test';
import { annotations, labels } from '#api/labels.ts';
import {
  applyBareTenant,
  type BareTenant,
  openBareTenant,
  removeBareTenants,
  waitForReason,
} from '#lab/bare-tenant.ts';
import type { Lab } from '#lab/up.ts';
import { type Look, waitFor } from '#lab/wait.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import { tagLaterVersion } from '#test/lab/later-versions.ts';
import { startUsers, type Users } from '#test/rollout/users.ts';
import { beginInvariants, type Invariants } from './invariants.ts';
import { openLab } from '#test/lab/open-lab.ts';
import * as manager from '#test/lab/manager.ts';

const namespace = 'default';
const name = 'e2e-rollout';
const tenant: BareTenant = { name, namespace, replicas: 2, serviceType: 'LoadBalancer' };
const perSecond = 20;

suite('whatever replaces the pods of a control plane of two, nobody notices', { concurrency: 1 }, () => {
  const { signal } = new AbortController();
  const options = { signal, report: () => undefined };
  let lab: Lab;
  let invariants: Invariants;
  let users: Users;
  let nextVersion: string;

  before(async () => {
    lab = await openLab(signal);
    await removeBareTenants(lab.kubectl, [tenant]);
    nextVersion = await tagLaterVersion(lab.engine.docker, 1);
    invariants = await beginInvariants(lab, signal);
    await applyBareTenant(lab.kubectl, tenant);
    await waitForReason(lab.kubectl, tenant, 'Ready', 'Ready', 180, signal);
    await settled(2);
    users = await startUsers(await openBareTenant(lab, tenant), perSecond, signal);
  });
  after(async () => {
    await users?.[Symbol.asyncDispose]();
    await removeBareTenants(lab.kubectl, [tenant]);
  });

  test('a change of the version replaces both pods', async (context) => {
    const before = await settled(2);
    await applyBareTenant(lab.kubectl, { ...tenant, version: nextVersion });
    await settled(2, before);
    await nobodyNoticed(context);
  });

  test('the rotation of a certificate replaces both pods', async (context) => {
    const before = await settled(2);
    const secret = ['secret', `${name}-api-server-certificate`, '-n', namespace];
    await lab.kubectl(['annotate', ...secret, `${annotations.rotate}=`, '--overwrite']);
    await settled(2, before);
    await nobodyNoticed(context);
  });

  test('from two replicas to three, to one, and back to two', async (context) => {
    for (const [present, replicas] of [
      [2, 3],
      [3, 1],
      [1, 2],
    ] as const) {
      const before = new Set((await settled(present)).map(({ metadata }) => metadata?.uid));
      await lab.kubectl(['scale', 'tcp', name, '-n', namespace, `--replicas=${replicas}`]);
      const stayed = (await settled(replicas)).filter(({ metadata }) => before.has(metadata?.uid));
      assert.equal(stayed.length, Math.min(before.size, replicas), 'no pod is replaced for the number of them');
    }
    await nobodyNoticed(context);
  });

  test('a pod is evicted, as by the drain of its node', async (context) => {
    const [pod] = await settled(2);
    assert.ok(pod);
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: pod.metadata };
    const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata?.name}/eviction`;
    await lab.kubectl(['create', '--raw', path, '-f', '-'], JSON.stringify(eviction));
    await settled(2, [pod]);
    await nobodyNoticed(context);
  });

  test('nothing else went wrong meanwhile', () => invariants.check());

  /** Waits until exactly so many pods are there, all ready and none of `gone` among them, and answers them. */
  function settled(replicas: number, gone: readonly Pod[] = []): Promise<readonly Pod[]> {
    const old = new Set(gone.map((pod) => pod.metadata?.uid));
    const look = async (): Promise<Look<readonly Pod[]>> => {
      const selection = ['-n', namespace, '-l', `${labels.name}=${name}`, '-o', 'json'];
      const { items } = JSON.parse(await lab.kubectl(['get', 'pods', ...selection])) as { items: readonly Pod[] };
      const ready = items.filter((pod) => manager.isReady(pod) && !old.has(pod.metadata?.uid));
      if (ready.length === replicas && items.length === replicas) return { value: items };
      return { missing: `${ready.length} of ${items.length} pods ready, ${replicas} wanted` };
    };
    return waitFor(`${replicas} pods of ${name}`, 240, look, options);
  }

  async function nobodyNoticed(context: TestContext): Promise<void> {
    const { probes, events, losses } = await users.take();
    for (const [kind, { requests, repeated, postponed, slowestMs }] of Object.entries(probes)) {
      const sentAgain = `sent again ${repeated} on a new connection, ${postponed} when asked to`;
      context.diagnostic(`${kind}: ${requests} requests, ${sentAgain}; slowest ${Math.round(slowestMs)} ms`);
    }
    context.diagnostic(`${events.written} events, watch opened again ${events.reopened} times`);
    assert.deepEqual(losses, []);
    // They have been at it.
    assert.ok(events.written > 0);
    for (const { requests } of Object.values(probes)) assert.ok(requests > 0);
  }
});
