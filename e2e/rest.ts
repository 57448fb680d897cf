import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '#lab/up.ts';
import { type Look, waitFor } from '#lab/wait.ts';
import { type ChangeWatch, watchChanges } from './changes.ts';
import * as manager from '#test/lab/manager.ts';

/**
 * Kinds that others write in a system at rest: leaders renew their Leases, kubelets report on their Nodes, and Events say
 * what has happened.
 */
const restless = new Set(['Lease', 'Event', 'Node']);

const quietMs = 10_000;
const settleSeconds = 180;

/**
 * Waits until nothing has changed for a while, then looks on for `seconds` and asserts that all that time no object of
 * any kind changes, neither in the management cluster nor in the clusters of the kubeconfigs, and that the manager
 * writes nothing and logs no error. Longer than the interval at which it looks at its tenants, this shows that a further
 * pass over a settled system writes nothing.
 */
export async function assertAtRest(
  lab: Lab,
  kubeconfigs: readonly string[],
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const watches: readonly ChangeWatch[] = await Promise.all(
    [lab.paths.kubeconfig, ...kubeconfigs].map(async (path) => stack.use(await watchChanges(path, restless, signal))),
  );
  const changesAfter = (time: Date) => watches.flatMap((watch) => watch.changes()).filter(({ at }) => at > time);

  const opened = new Date();
  const look = async (): Promise<Look<true>> => {
    const last = changesAfter(opened).at(-1);
    return Date.now() - (last?.at ?? opened).getTime() >= quietMs
      ? { value: true }
      : { missing: `the last change: ${last?.text ?? 'none yet'}` };
  };
  await waitFor('a system at rest', settleSeconds, look, { signal, report: () => undefined });

  const since = new Date();
  while (Date.now() - since.getTime() < seconds * 1_000) {
    await sleep(1_000, undefined, { signal });
    const lines = changesAfter(since).map(({ text }) => text);
    assert.deepEqual(lines, [], 'changes at rest');
  }
  const writes = await manager.managerWrites(lab, since);
  assert.deepEqual(writes.map(manager.describeRequest), [], 'writes of the manager at rest');
  const errors = (await manager.managerLog(lab.kubectl, since)).filter((line) => line.includes('"level":"error"'));
  assert.deepEqual(errors, [], 'errors that the manager logged at rest');
}
