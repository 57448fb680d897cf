import type { ObjectKey } from '#runtime/client/resource.ts';
import { systemClock } from '#runtime/clock.ts';
import { WorkQueue } from '#runtime/controller/queue.ts';
import { defineMeasurement } from '../measurement.ts';
import { type Effort, startEffort } from './effort.ts';

export interface QueueInput {
  /**
   * `throughput`: distinct keys go in, ten workers take them out. `burst`: each key is added ten times before anyone takes
   * it. `delayed`: keys wait for times of their own and come due. `plain`: the limit, a Map as first-in-first-out list.
   */
  readonly variant: 'throughput' | 'burst' | 'delayed' | 'plain';
  readonly items: number;
}

const workers = 10;
const addsPerKey = 10;

/** Effort of so many items (keys taken; adds, for `burst`). A run before the measured one lets the compiler finish. */
export const measurement = defineMeasurement(
  import.meta.url,
  async ({ variant, items }: QueueInput): Promise<Effort> => {
    const keys = Array.from({ length: items }, (_, index) => ({
      namespace: `ns-${index % 100}`,
      name: `key-${index}`,
    }));
    await work(variant, keys);
    globalThis.gc?.();
    const stop = startEffort();
    await work(variant, keys);
    return stop();
  },
);

async function work(variant: QueueInput['variant'], keys: readonly ObjectKey[]): Promise<void> {
  switch (variant) {
    case 'throughput': {
      const queue = new WorkQueue({ clock: systemClock });
      for (const key of keys) queue.add(key);
      return drain(queue, keys.length);
    }
    case 'burst': {
      const queue = new WorkQueue({ clock: systemClock });
      const distinct = keys.slice(0, keys.length / addsPerKey);
      for (let add = 0; add < addsPerKey; add++) for (const key of distinct) queue.add(key);
      return drain(queue, distinct.length);
    }
    case 'delayed':
      return takeDelayed(keys);
    case 'plain':
      return takePlain(keys);
  }
}

async function drain(queue: WorkQueue, total: number): Promise<void> {
  let left = total;
  const worker = async (): Promise<void> => {
    for (let taken = await queue.take(); taken !== undefined; taken = await queue.take()) {
      queue.done(taken.key);
      if (--left === 0) queue.shutdown();
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

// The clock is moved by hand: what is measured is the work of the queue, not the wait.
async function takeDelayed(keys: readonly ObjectKey[]): Promise<void> {
  let now = 0;
  let timer: (() => void) | undefined;
  const clock = {
    monotonic: () => now,
    setTimeout: (fn: () => void) => {
      timer = fn;
      return () => {
        timer = undefined;
      };
    },
  };
  const queue = new WorkQueue({ clock });
  const spreadMs = 60_000;
  for (const [index, key] of keys.entries()) queue.add(key, { delayMs: 1 + ((index * 7_919) % spreadMs) });
  const drained = drain(queue, keys.length);
  for (; now <= spreadMs + 1; now += 100) {
    const due = timer;
    timer = undefined;
    due?.();
    await Promise.resolve();
  }
  await drained;
}

async function takePlain(keys: readonly ObjectKey[]): Promise<void> {
  const waiting = new Map<string, ObjectKey>();
  for (const key of keys) waiting.set(`${key.namespace}/${key.name}`, key);
  const worker = async (): Promise<void> => {
    for (const [id] of waiting) {
      waiting.delete(id);
      await Promise.resolve();
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
