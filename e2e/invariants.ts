import assert from 'node:assert/strict';
import { labels } from '#api/labels.ts';
import type { Lab } from '#lab/up.ts';
import { type Look, waitFor } from '#lab/wait.ts';
import type { Pod } from '#runtime/client/builtin.ts';
import * as manager from '#test/lab/manager.ts';

/** What has to hold at the end of every suite, whatever it tested. */
export interface Invariants {
  /**
   * Waits until the manager writes nothing any more, then asserts: it was refused nothing, and nothing that it made was there
   * already; no container of it, of a control plane or of a store was started anew; its logs tell of nothing unhandled.
   */
  check(): Promise<void>;
}

export interface InvariantsOptions {
  /** The suite itself ends processes of the manager. Default false. */
  readonly endsManagers?: boolean;
}

const settleSeconds = 60;
const quietMs = 5_000;

/** Call when a suite begins: what happened before is not held against it. */
export async function beginInvariants(
  lab: Lab,
  signal: AbortSignal,
  { endsManagers = false }: InvariantsOptions = {},
): Promise<Invariants> {
  const since = new Date();
  const restarts = async (): Promise<ReadonlyMap<string, number>> => {
    const pods = await supervisedPods(lab, endsManagers);
    return new Map(pods.map((pod) => [pod.metadata?.uid ?? '', manager.restartsOf(pod)]));
  };
  const before = await restarts();
  return {
    async check() {
      await untilQuiet(lab, signal);
      const requests = await manager.managerRequests(lab, since);
      const refused = requests.filter(({ verb, resource, code }) => {
        // An Event whose creation was answered to nobody is created once more.
        return code === 403 || (code === 409 && verb === 'create' && resource !== 'events');
      });
      assert.deepEqual(refused.map(manager.describeRequest), [], 'requests of the manager that were refused');
      const anew = [...(await restarts())].filter(([uid, count]) => count > (before.get(uid) ?? 0));
      assert.deepEqual(anew, [], 'UIDs of pods with containers that were started anew');
      const lines = (await manager.managerLog(lab.kubectl, since)).filter((line) => /unhandled|uncaught/i.test(line));
      assert.deepEqual(lines, [], 'what the manager did not handle');
    },
  };
}

/** Waits until the manager has written nothing for a while, but to its Lease. */
async function untilQuiet(lab: Lab, signal: AbortSignal): Promise<void> {
  const look = async (): Promise<Look<true>> => {
    const writes = await manager.managerWrites(lab, new Date(Date.now() - quietMs));
    return writes.length === 0 ? { value: true } : { missing: writes.map(manager.describeRequest).join(', ') };
  };
  await waitFor('the manager to write nothing', settleSeconds, look, { signal, report: () => undefined });
}

/** Pods of control planes, of the managed datastore and, unless their ends are intended, of the manager. */
async function supervisedPods({ kubectl }: Lab, endsManagers: boolean): Promise<readonly Pod[]> {
  const list = async (...selection: readonly string[]): Promise<readonly Pod[]> => {
    const { items } = JSON.parse(await kubectl(['get', 'pods', ...selection, '-o', 'json'])) as { items: Pod[] };
    return items;
  };
  const others = endsManagers ? manager.managerSelector.replace('=', '!=') : '';
  return [
    ...(await list('--all-namespaces', '-l', labels.name)),
    ...(await list('-n', manager.managerNamespace, '-l', others)),
  ];
}
