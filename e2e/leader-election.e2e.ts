import assert from 'node:assert/strict';
import { after, before, suite, test, type TestContext } from 'node:test';
import { labels } from '#api/labels.ts';
import type { Lab } from '#lab/up.ts';
import { waitFor } from '#lab/wait.ts';
import { type Lease, leases, type Pod, pods, replicaSets } from '#runtime/client/builtin.ts';
import type { Transport } from '#runtime/client/transport.ts';
import { applyBareTenant, type BareTenant, removeBareTenants, waitForReason } from '#lab/bare-tenant.ts';
import { findProcess, type PodProcess } from '#test/lab/pod-process.ts';
import { cutNetwork, restoreNetwork, signalProcess } from './faults.ts';
import { connect, type History, recordHistory } from '#test/lab/history.ts';
import { beginInvariants, type Invariants } from './invariants.ts';
import { openLab } from '#test/lab/open-lab.ts';
import * as manager from '#test/lab/manager.ts';

const namespace = 'default';
const settled: BareTenant = { name: 'e2e-settled', namespace };
const faults = ['killed', 'stopped', 'cut-off', 'ended'] as const;
/** The tenant that the leader has just begun to make when something happens to it. */
const begun = (fault: (typeof faults)[number]): BareTenant => ({ name: `e2e-leader-${fault}`, namespace });
const tenants = [settled, ...faults.map(begun)];

const takeoverSeconds = 25;
const handoverSeconds = 5;
const terminationSeconds = 25;
/** How long a leader leads on without a renewal; from then on it must not write. */
const renewDeadlineMs = 10_000;

/** A leader that something has happened to. */
interface Struck {
  /** Its identity in the Lease. */
  readonly identity: string;
  readonly process: PodProcess;
  readonly restarts: number;
  readonly at: Date;
}

suite('when one of two managers is lost, the other does its work', { concurrency: 1 }, () => {
  const { signal } = new AbortController();
  let lab: Lab;
  let invariants: Invariants;
  let transport: Transport;
  let lease: History<Lease>;
  let managers: History<Pod>;
  let tenantPods: History<Pod>;
  let tenantSets: History<object>;

  before(async () => {
    lab = await openLab(signal);
    await removeBareTenants(lab.kubectl, tenants);
    await applyBareTenant(lab.kubectl, settled);
    await manager.scaleManager(lab.kubectl, 2, signal);
    await waitForReason(lab.kubectl, settled, 'Ready', 'Ready', 180, signal);
    transport = await connect(lab.paths.kubeconfig);
    const ours = { namespace: manager.managerNamespace };
    const ofTenant = { namespace, labelSelector: `${labels.name}=${settled.name}` };
    lease = await recordHistory(transport, leases, ours, signal);
    managers = await recordHistory(transport, pods, { ...ours, labelSelector: manager.managerSelector }, signal);
    tenantPods = await recordHistory(transport, pods, ofTenant, signal);
    tenantSets = await recordHistory(transport, replicaSets, ofTenant, signal);
    invariants = await beginInvariants(lab, signal, { endsManagers: true });
  });
  after(async () => {
    for (const history of [lease, managers, tenantPods, tenantSets]) await history?.[Symbol.asyncDispose]();
    await transport?.close();
    await manager.scaleManager(lab.kubectl, 1, signal);
    await removeBareTenants(lab.kubectl, tenants);
  });

  test('a leader that is killed (SIGKILL)', async (context) => {
    const struck = await strike('killed', context, (process) => signalProcess(lab.engine.docker, process, 'KILL'));
    await startedAnew(struck, 137);
    await nothingWrittenTwice(struck);
  });

  test('a leader that is stopped (SIGSTOP) past its lease: it writes nothing when it goes on, ends and comes back', async (context) => {
    const struck = await strike('stopped', context, (process) => signalProcess(lab.engine.docker, process, 'STOP'));
    await signalProcess(lab.engine.docker, struck.process, 'CONT');
    await startedAnew(struck, 1);
    await followsInSilence(struck);
    await nothingWrittenTwice(struck);
  });

  test('a leader whose network is cut: it ends by itself, and comes back when the network does', async (context) => {
    const struck = await strike('cut-off', context, (process) => cutNetwork(lab.engine.docker, process));
    await restoreNetwork(lab.engine.docker, struck.process);
    await startedAnew(struck, 1);
    await followsInSilence(struck);
    await nothingWrittenTwice(struck);
  });

  test('a leader that is asked to end (SIGTERM): it hands over at once and ends in good order', async (context) => {
    const struck = await strike('ended', context, async (_process, pod) => {
      await lab.kubectl(['delete', 'pod', pod, '-n', manager.managerNamespace, '--wait=false']);
    });
    await manager.readyManagers(lab.kubectl, 2, signal);
    const released = lease.versions().find(({ object, at }) => at > struck.at && manager.holderOf(object) === '');
    assert.ok(released, 'the Lease was released before it was taken');
    const seconds = (successionOf(struck).at.getTime() - released.at.getTime()) / 1_000;
    assert.ok(seconds <= handoverSeconds, `it took ${seconds.toFixed(1)} s`);

    const pod = manager.podOf(struck.identity);
    const last = managers.versions().findLast(({ object }) => object.metadata?.name === pod);
    assert.equal(last?.type, 'DELETED');
    const { terminated } = last.object.status?.containerStatuses?.[0]?.state ?? {};
    assert.equal(terminated?.exitCode, 0);
    assert.equal(manager.isReady(last.object), false);
    const took = new Date(terminated.finishedAt ?? 0).getTime() - struck.at.getTime();
    context.diagnostic(`ended after ${(took / 1_000).toFixed(1)} s`);
    assert.ok(took <= terminationSeconds * 1_000);
    await nothingWrittenTwice(struck);
  });

  test('meanwhile no pod of a tenant that had been ready was touched', () => {
    const states = tenantPods.versions().map(({ object }) => [object.metadata?.uid, manager.restartsOf(object)]);
    assert.equal(new Set(states.map(String)).size, 1, `pods and their restarts: ${states.join(' ')}`);
    assert.deepEqual([...new Set(tenantSets.versions().map(({ type }) => type))], ['PRESENT'], 'its ReplicaSet');
  });

  test('nothing else went wrong meanwhile', () => invariants.check());

  /** Strikes the leader while it has work, and waits until another has taken over and done that work. */
  async function strike(
    fault: (typeof faults)[number],
    context: TestContext,
    inflict: (process: PodProcess, pod: string) => Promise<void>,
  ): Promise<Struck> {
    // One at a time: the node has not room for all of them.
    await removeBareTenants(lab.kubectl, faults.map(begun));
    await manager.readyManagers(lab.kubectl, 2, signal);
    const identity = manager.holderOf(newestLease());
    const name = manager.podOf(identity);
    const process = await findProcess(lab.engine.docker, name, 'manager');
    await applyBareTenant(lab.kubectl, begun(fault));
    const struck = { identity, process, restarts: manager.restartsOf(newestPod(name)), at: new Date() };
    await inflict(process, name);
    await waitFor('another leader', takeoverSeconds, async () => ({ value: successionOf(struck) }), quiet);
    const { at } = successionOf(struck);
    const seconds = (at.getTime() - struck.at.getTime()) / 1_000;
    context.diagnostic(`another leads after ${seconds.toFixed(1)} s`);
    assert.ok(seconds <= takeoverSeconds, `it took ${seconds.toFixed(1)} s`);
    await waitForReason(lab.kubectl, begun(fault), 'Ready', 'Ready', 120, signal);
    return struck;
  }

  const quiet = { signal, report: () => undefined };

  /** The first state of the Lease in which another process holds it. Throws while there is none. */
  function successionOf({ identity, at: since }: Struck): { readonly identity: string; readonly at: Date } {
    const next = lease.versions().find(({ object, at }) => {
      const holder = manager.holderOf(object);
      return at > since && holder !== '' && holder !== identity;
    });
    if (next === undefined) throw new Error(`the Lease is still that of ${manager.holderOf(newestLease())}`);
    return { identity: manager.holderOf(next.object), at: next.at };
  }

  function newestLease(): Lease {
    const { object } = lease.versions().findLast(({ object }) => object.metadata?.name === manager.leaseName) ?? {};
    assert.ok(object, 'there is a Lease');
    return object;
  }

  function newestPod(name: string): Pod {
    const { object } = managers.versions().findLast(({ object }) => object.metadata?.name === name) ?? {};
    assert.ok(object, `there is a pod ${name}`);
    return object;
  }

  /** Its process ended with that code, and another one in its place is ready. */
  async function startedAnew({ identity, restarts, at }: Struck, exitCode: number): Promise<void> {
    const name = manager.podOf(identity);
    await manager.readyManagers(lab.kubectl, 2, signal);
    assert.ok(manager.restartsOf(newestPod(name)) > restarts);
    const states = managers.versions().filter(({ object, at: seen }) => object.metadata?.name === name && seen > at);
    const ends = states.flatMap(({ object }) => object.status?.containerStatuses?.[0]?.state?.terminated ?? []);
    assert.deepEqual([...new Set(ends.map((end) => end.exitCode))], [exitCode]);
  }

  /** Its pod does not lead any more, and did not write once it must not. What came late is in the audit log, too. */
  async function followsInSilence(struck: Struck): Promise<void> {
    const name = manager.podOf(struck.identity);
    assert.notEqual(manager.podOf(manager.holderOf(newestLease())), name);
    const writes = await manager.managerWrites(lab, new Date(struck.at.getTime() + renewDeadlineMs));
    assert.deepEqual(writes.filter(({ pod }) => pod === name).map(manager.describeRequest), []);
  }

  async function nothingWrittenTwice({ at }: Struck): Promise<void> {
    const writes = await manager.managerWrites(lab, at);
    const of = (name: string) => writes.filter((write) => write.name === name || write.name.startsWith(`${name}-`));
    assert.deepEqual(of(settled.name).map(manager.describeRequest), [], 'a settled tenant is not written to');
    const made = writes.filter(({ code }) => code === 201).map(manager.describeRequest);
    assert.deepEqual(
      made.filter((line, index) => made.indexOf(line) !== index),
      [],
      'nothing is made twice',
    );
    const refused = writes.filter(({ verb, code }) => code === 403 || (verb === 'create' && code === 409));
    assert.deepEqual(refused.map(manager.describeRequest), [], 'nothing is refused');
  }
});
