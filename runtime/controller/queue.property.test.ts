import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { propertyRuns } from '#test/property.ts';
import { FakeClock } from '../clock.fake.ts';
import { WorkQueue } from './queue.ts';

const key = (name: string) => ({ namespace: 'ns', name });
const longestDelayMs = 12 * 3_600_000;

/** A key that a worker was given, and when. */
interface Handed {
  readonly name: string | undefined;
  readonly priority: number;
  readonly at: number;
}

interface Real {
  readonly clock: FakeClock;
  readonly queue: WorkQueue;
  readonly handed: Handed[];
}

interface Pending {
  priority: number;
  readyAt: number;
  /** When a worker could have had it: `readyAt`, but not before the worker that had it was done. */
  dueAt: number;
}

/** What the queue should hold, kept in the simplest way. */
class Model {
  readonly pending = new Map<string, Pending>();
  readonly working = new Set<string>();
  readonly failures = new Map<string, number>();
  waiting = 0;
  closed = false;

  add(name: string, now: number, priority: number, delayMs: number): void {
    if (this.closed) return;
    const readyAt = now + Math.min(Math.max(0, delayMs), longestDelayMs);
    const before = this.pending.get(name) ?? { priority, readyAt, dueAt: readyAt };
    this.pending.set(name, {
      priority: Math.max(before.priority, priority),
      readyAt: Math.min(before.readyAt, readyAt),
      dueAt: Math.min(before.dueAt, readyAt),
    });
  }

  retry(name: string, now: number, priority: number, atLeastMs: number): void {
    const failures = this.failures.get(name) ?? 0;
    this.failures.set(name, failures + 1);
    this.add(name, now, priority, Math.max(Math.min(5 * 2 ** failures, 1_000_000), atLeastMs));
  }

  done(name: string, now: number): void {
    this.working.delete(name);
    const parked = this.pending.get(name);
    if (parked !== undefined) parked.dueAt = Math.max(parked.readyAt, now);
  }

  shutdown(): void {
    this.closed = true;
    this.pending.clear();
  }

  due(now: number): (readonly [string, Pending])[] {
    return [...this.pending].filter(([name, { readyAt }]) => readyAt <= now && !this.working.has(name));
  }

  /** Takes note of what a worker was given, which must have been the best there was. */
  handed({ name, priority, at }: Handed): void {
    this.waiting--;
    if (name === undefined) {
      assert.ok(this.closed, 'a worker was sent home by an open queue');
      return;
    }
    assert.ok(!this.working.has(name), `${name} is with two workers`);
    const entry = this.pending.get(name);
    assert.ok(entry !== undefined, `${name} was handed out without having been added`);
    assert.ok(entry.readyAt <= at, `${name} was handed out ${entry.readyAt - at} ms too early`);
    assert.equal(priority, entry.priority);
    for (const [other, { priority: rank, dueAt }] of this.due(at)) {
      assert.ok(rank <= priority, `${other} is more urgent than ${name}`);
      assert.ok(rank < priority || dueAt >= entry.dueAt, `${other} came before ${name}`);
    }
    this.pending.delete(name);
    this.working.add(name);
  }
}

type Step = fc.AsyncCommand<Model, Real>;

/** One call to the queue and to the model, after which both must agree. */
class Call implements Step {
  readonly #text: string;
  readonly #applies: (model: Model) => boolean;
  readonly #run: (model: Model, real: Real, now: number) => Promise<void> | void;

  constructor(
    text: string,
    run: (model: Model, real: Real, now: number) => Promise<void> | void,
    applies: (model: Model) => boolean = () => true,
  ) {
    this.#text = text;
    this.#run = run;
    this.#applies = applies;
  }

  check(model: Model): boolean {
    return this.#applies(model);
  }

  async run(model: Model, real: Real): Promise<void> {
    await this.#run(model, real, real.clock.monotonic());
    await real.clock.advance(0);
    for (const handed of real.handed.splice(0)) model.handed(handed);
    const due = model.due(real.clock.monotonic());
    assert.equal(real.queue.snapshot().depth, due.length, `ready: ${due.map(([name]) => name).join(' ')}`);
    assert.ok(model.waiting === 0 || due.length === 0, 'a worker waits while there is work');
    assert.ok(!model.closed || model.waiting === 0, 'a worker waits at a closed queue');
    assert.ok(real.clock.pending().length <= 1, 'more than one timer');
  }

  toString(): string {
    return this.#text;
  }
}

const names = fc.constantFrom('a', 'b', 'c', 'd');
const priorities = fc.integer({ min: -2, max: 2 });
const delays = fc.constantFrom(-1, 0, 0, 0, 3, 5, 50, 50, 60_000, longestDelayMs + 1, 60 * 86_400_000);

const add = fc.tuple(names, priorities, delays).map(
  ([name, priority, delayMs]) =>
    new Call(`add ${name} priority ${priority} in ${delayMs} ms`, (model, { queue }, now) => {
      queue.add(key(name), { priority, delayMs });
      model.add(name, now, priority, delayMs);
    }),
);
const retry = fc.tuple(names, priorities, fc.constantFrom(0, 0, 0, 40, 7_000)).map(
  ([name, priority, atLeastMs]) =>
    new Call(`retry ${name} priority ${priority} after ${atLeastMs} ms`, (model, { queue }, now) => {
      queue.retry(key(name), { priority, atLeastMs });
      model.retry(name, now, priority, atLeastMs);
    }),
);
const forget = names.map(
  (name) =>
    new Call(`forget ${name}`, (model, { queue }) => {
      queue.forget(key(name));
      model.failures.delete(name);
    }),
);
const take = new Call('take', (model, { queue, clock, handed }) => {
  model.waiting++;
  void queue
    .take()
    .then((taken) => handed.push({ name: taken?.key.name, priority: taken?.priority ?? 0, at: clock.monotonic() }));
});
const done = (name: string): Call =>
  new Call(
    `done ${name}`,
    (model, { queue }, now) => {
      queue.done(key(name));
      model.done(name, now);
    },
    (model) => model.working.has(name),
  );
const advance = (ms: number): Call => new Call(`${ms} ms pass`, (_model, { clock }) => clock.advance(ms));
const shutdown = new Call('shut down', (model, { queue }) => {
  queue.shutdown();
  model.shutdown();
});

const work = fc.oneof(fc.constant(take), names.map(done));
const time = fc.constantFrom(1, 2, 5, 10, 50, 7_000, 60_000, longestDelayMs).map(advance);
// Rarely: what follows is quiet.
const end = fc.integer({ min: 0, max: 19 }).map((n) => (n === 0 ? shutdown : take));
const steps = fc.commands([add, add, retry, forget, work, work, work, time, time, end], {
  maxCommands: 80,
  size: 'max',
});

test('a queue never gives a key to two workers, loses no add, and keeps times and priorities', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (calls) => {
      const model = new Model();
      const clock = new FakeClock();
      const real: Real = { clock, queue: new WorkQueue({ clock }), handed: [] };
      await fc.asyncModelRun(() => ({ model, real }), calls);

      // All that was added after its key was last taken is taken in the end.
      for (const name of model.working) await done(name).run(model, real);
      await advance(longestDelayMs).run(model, real);
      for (let worker = 0; worker < 4; worker++) await take.run(model, real);
      assert.deepEqual([...model.pending.keys()], []);
      real.queue.shutdown();
      assert.deepEqual(clock.pending(), []);
    }),
    propertyRuns(150),
  );
});
