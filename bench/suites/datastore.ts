import { type BenchStore, startStore, type StoreKind } from '../datastore/bench-store.ts';
import { fill, keysPerTenant, newTenants } from '../datastore/bench-tenants.ts';
import { budget, type Figure, figure } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { measurement as storeFleet, type Moment } from '../measurements/store-fleet.ts';
import { measurement as storeTenants, type StoreTenantsInput } from '../measurements/store-tenants.ts';
import { runMeasurement } from '../run-measurement.ts';
import type { BenchContext, Suite } from '../suite.ts';

export const suite: Suite = {
  name: 'datastore',
  description: 'tenants of real stores: setting them up, the connections that takes, what they use',
  async run(context) {
    const figures: Figure[] = [];
    for (const kind of ['etcd', 'PostgreSQL', 'MariaDB'] as const) {
      figures.push(...(await setUpFigures(kind, context)));
    }
    return [...figures, ...(await fleetFigures(context))];
  },
};

// So that each takes some seconds: a database is a directory with hundreds of files, a role of etcd a few bytes.
const tenantsPerRound = { etcd: 200, PostgreSQL: 20, MariaDB: 200 } as const;

const note = 'the server, on this machine, does not wait for its disk';

async function setUpFigures(
  kind: keyof typeof tenantsPerRound,
  { quick, signal, progress }: BenchContext,
): Promise<readonly Figure[]> {
  await using store = await startStore(kind);
  const tenants = quick ? 5 : tenantsPerRound[kind];
  const variants: readonly StoreTenantsInput['variant'][] = ['single', 'sixteen', 'bare'];
  const samples = await interleave({ variants, rounds: quick ? 1 : 5 }, async (variant, round) => {
    progress(`${tenants} tenants on ${kind}, ${variant}, ${round}`);
    const input = { variant, config: store.config, tenants };
    const { seconds } = await runMeasurement(storeTenants, input, signal);
    return tenants / seconds;
  });
  const common = { unit: 'tenants/s', better: 'higher', note } as const;
  const limits = { 'the bare calls, one connection': samples.bare };
  return [
    figure({ ...common, name: `${kind}: tenants set up, one at a time`, samples: samples.single, limits }),
    figure({ ...common, name: `${kind}: tenants set up, 16 at a time`, samples: samples.sixteen, limits }),
  ];
}

/** How many tenants each store has: a NATS holds one. */
const fleet: readonly (readonly [kind: StoreKind, tenants: number])[] = [
  ['etcd', 167],
  ['PostgreSQL', 166],
  ['MariaDB', 166],
  ['NATS', 1],
];

async function fleetFigures(context: BenchContext): Promise<readonly Figure[]> {
  const { quick, signal, progress } = context;
  await using stack = new AsyncDisposableStack();
  const stores: { readonly store: BenchStore; readonly tenants: ReturnType<typeof newTenants> }[] = [];
  for (const [kind, count] of fleet) {
    const store = stack.use(await startStore(kind));
    stores.push({ store, tenants: newTenants(quick ? Math.min(count, 4) : count) });
  }
  const seen = stores.map(() => ({ usage: newSamples(), bare: newSamples() }));
  const started = stores.map(() => 0);
  const all = stores.reduce((sum, { tenants }) => sum + tenants.length, 0);
  progress(`${all} tenants on ${stores.length} stores`);
  using peaks = watchConnections(stores.map(({ store }) => store));
  const look = async ({ at, store: index = 0, seconds = 0 }: Moment): Promise<void> => {
    if (at === 'set-up') {
      progress('each tenant gets something to have');
      await peaks.pause(() => Promise.all(stores.map(({ store, tenants }) => fill(store.config, tenants))));
      return;
    }
    const cpu = (await stores[index]?.store.cpuSeconds()) ?? 0;
    if (at !== 'begin') {
      const samples = seen[index]?.[at];
      samples?.seconds.push(seconds);
      samples?.cpu.push(cpu - (started[index] ?? 0));
      progress(`${at} of the tenants on ${stores[index]?.store.kind}`);
    }
    // The limit is no connection of the manager's.
    if (at === 'usage') peaks.stop(index);
    started[index] = cpu;
  };
  const input = {
    stores: stores.map(({ store: { config }, tenants }) => ({ config, tenants })),
    rounds: quick ? 1 : 5,
  };
  await runMeasurement(storeFleet, input, signal, look);
  const held = peaks.most();
  return [
    ...stores.map(({ store, tenants }, index) =>
      figure({
        name: `${store.kind}: connections of the manager at the most, ${tenants.length} of ${all} tenants on ${stores.length} stores`,
        unit: 'connections',
        better: 'lower',
        samples: [held[index] ?? 0],
        limits: { allowed: budget(4, [0]) },
        note: 'open TCP connections at the port of the server, looked at every 20 ms while all tenants are set up and measured; etcd has one to itself',
      }),
    ),
    ...stores.flatMap(({ store, tenants }, index) =>
      store.kind === 'NATS' ? [] : usageFigures(store.kind, tenants.length, seen[index]),
    ),
  ];
}

interface Samples {
  readonly seconds: number[];
  readonly cpu: number[];
}

function newSamples(): Samples {
  return { seconds: [], cpu: [] };
}

function usageFigures(
  kind: StoreKind,
  tenants: number,
  { usage, bare }: { readonly usage: Samples; readonly bare: Samples } = { usage: newSamples(), bare: newSamples() },
): readonly Figure[] {
  const what = `what each of ${tenants} tenants of ${keysPerTenant} keys has`;
  const limits = (of: keyof Samples) => ({ 'one bare question for each, one connection': bare[of] });
  const common = { better: 'lower', note } as const;
  return [
    figure({
      ...common,
      name: `${kind}: finding out ${what}`,
      unit: 's',
      samples: usage.seconds,
      limits: limits('seconds'),
    }),
    figure({
      ...common,
      name: `${kind}: CPU of the server for ${what}`,
      unit: 's',
      samples: usage.cpu,
      limits: limits('cpu'),
    }),
  ];
}

/** Looks at the connections of each store all the time, and keeps the most that there were. */
function watchConnections(stores: readonly BenchStore[]) {
  const peaks = stores.map(() => 0);
  const watched = new Set(stores.keys());
  let paused = false;
  let looking = false;
  const look = async (): Promise<void> => {
    if (paused || looking) return;
    looking = true;
    for (const [index, store] of stores.entries()) {
      const count = watched.has(index) ? await store.connections() : 0;
      if (!paused && watched.has(index)) peaks[index] = Math.max(peaks[index] ?? 0, count);
    }
    looking = false;
  };
  const timer = setInterval(() => void look(), 20);
  return {
    /** Does something over connections that are not the manager's. */
    async pause(work: () => Promise<unknown>): Promise<void> {
      paused = true;
      await work();
      paused = false;
    },
    stop: (index: number): void => void watched.delete(index),
    most: (): readonly number[] => peaks,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
