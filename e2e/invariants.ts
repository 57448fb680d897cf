import assert from 'node:assert/strict';
import type { Lab } from '#lab/up.ts';
import { type Look, waitFor } from '#lab/wait.ts';
import * as manager from '#test/lab/manager.ts';
import { endsOfContainers, supervisedPods } from './supervised-pods.ts';

/** What has to hold at the end of every suite, whatever it tested. */
export interface Invariants {
  /**
   * Waits until the manager writes nothing any more, then asserts: it was refused nothing, and nothing that it made was there
   * already; `checkContainers`; its logs tell of nothing unhandled.
   */
  check(): Promise<void>;
  /** Asserts that no container of the manager, of a control plane or of a store was started anew. Before a control plane is deleted. */
  checkContainers(): Promise<void>;
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
  const pods = () => supervisedPods(lab.kubectl, endsManagers);
  const before = new Map((await pods()).map((pod) => [pod.metadata?.uid, manager.restartsOf(pod)]));
  const checkContainers = async (): Promise<void> => {
    const anew = (await pods()).filter((pod) => manager.restartsOf(pod) > (before.get(pod.metadata?.uid) ?? 0));
    assert.deepEqual(anew.flatMap(endsOfContainers), [], 'containers that were started anew, and how they ended');
  };
  return {
    checkContainers,
    async check() {
      await untilQuiet(lab, signal);
      const requests = await manager.managerRequests(lab, since);
      const refused = requests.filter(({ verb, resource, code }) => {
        // An Event whose creation was answered to nobody is created once more.
        return code === 403 || (code === 409 && verb === 'create' && resource !== 'events');
      });
      assert.deepEqual(refused.map(manager.describeRequest), [], 'requests of the manager that were refused');
      await checkContainers();
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
