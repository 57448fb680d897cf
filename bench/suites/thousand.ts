import { setTimeout as sleep } from 'node:timers/promises';
import { type Figure, budget, figure } from '../figure.ts';
import type { Manager } from '#test/manager-process.ts';
import { type FleetScene, withFleet } from '../simulated-fleet/with-fleet.ts';
import type { BenchContext, Suite } from '../suite.ts';

export const suite: Suite = {
  name: 'thousand',
  description:
    'the manager with up to 1,000 tenants: real API server and stores, simulated nodes, pods and tenant APIs',
  run: (context) => withFleet(context, (fleet) => measure({ fleet, restSeconds: context.quick ? 10 : 120 }, context)),
};

interface Scene {
  readonly fleet: FleetScene;
  /** How long a rest is looked at. */
  readonly restSeconds: number;
}

async function measure(scene: Scene, { quick, signal, progress }: BenchContext): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  let before = 0;
  for (const size of quick ? [5] : [10, 100, 300, 1_000]) {
    progress(`${before} to ${size} tenants: create`);
    figures.push(...(await createFigures(scene, before, size)));
    progress(`${size} tenants: a label on each`);
    figures.push(...(await labelFigures(scene, size, signal)));
    progress(`${size} tenants: a new manager`);
    figures.push(...(await restartFigures(scene, size, signal)));
    progress(`${size} tenants: at rest`);
    figures.push(...(await restFigures(scene, size, signal)));
    before = size;
  }
  progress(`${before} tenants: delete`);
  figures.push(...(await deleteFigures(scene, before)));
  return figures;
}

async function createFigures(scene: Scene, from: number, to: number): Promise<readonly Figure[]> {
  const { fleet, manager } = scene.fleet;
  const count = to - from;
  const writesBefore = await countWrites(scene);
  const before = await manager.usage();
  await manager.restartPeak();
  // The first look resets what the second one tells.
  await manager.metric(lag);
  await fleet.create(from, to);
  const seconds = await fleet.ready(to);
  const lagSeconds = await manager.metric(lag);
  const after = await manager.usage();
  const writes = difference(await countWrites(scene), writesBefore);
  const what = `${from} to ${to} tenants: `;
  return [
    one(`${what}create until all are Ready`, 's', seconds, to >= 100 ? { 'budget: 0.3 s each': 0.3 * count } : {}),
    one(`${what}CPU of the manager per tenant`, 'ms', ((after.cpuSeconds - before.cpuSeconds) * 1e3) / count, {
      budget: 150,
    }),
    one(`${what}objects written per tenant`, 'writes', writes.objects / count, { budget: 30 }),
    one(`${what}status writes per tenant`, 'writes', writes.status / count, { budget: 5 }),
    one(`${what}Events per tenant`, 'Events', writes.events / count),
    one(`${what}peak of the resident memory`, 'MiB', after.peakMiB, memoryBudget(to)),
    one(`${what}event-loop lag, p99`, 'ms', lagSeconds * 1e3, { budget: 100 }),
  ];
}

async function labelFigures(scene: Scene, size: number, signal: AbortSignal): Promise<readonly Figure[]> {
  const { fleet, manager } = scene.fleet;
  const before = await manager.usage();
  const writesBefore = await countWrites(scene);
  await fleet.label(size, `at-${size}`);
  await settled(scene, signal);
  const { cpuSeconds } = await manager.usage();
  const writes = difference(await countWrites(scene), writesBefore);
  return [
    one(`${size} tenants: a label on each, CPU per tenant`, 'ms', ((cpuSeconds - before.cpuSeconds) * 1e3) / size),
    one(`${size} tenants: a label on each, writes`, 'writes', total(writes), { budget: 0 }),
  ];
}

async function restartFigures(scene: Scene, size: number, signal: AbortSignal): Promise<readonly Figure[]> {
  const writesBefore = await countWrites(scene);
  const started = performance.now();
  await scene.fleet.restartManager();
  await settled(scene, signal, size);
  const seconds = (performance.now() - started) / 1000 - quietSeconds;
  const { cpuSeconds, peakMiB } = await scene.fleet.manager.usage();
  const writes = difference(await countWrites(scene), writesBefore);
  return [
    one(`${size} tenants: a new manager has looked at all`, 's', seconds),
    one(`${size} tenants: a new manager, CPU until then`, 's', cpuSeconds),
    one(`${size} tenants: a new manager, peak of the resident memory`, 'MiB', peakMiB, memoryBudget(size)),
    one(`${size} tenants: a new manager, writes`, 'writes', total(writes), { budget: 0 }),
  ];
}

async function restFigures(scene: Scene, size: number, signal: AbortSignal): Promise<readonly Figure[]> {
  const { restSeconds } = scene;
  const { manager } = scene.fleet;
  const writesBefore = await countWrites(scene);
  const before = await manager.usage();
  const requests = await tenantRequests(manager);
  await sleep(restSeconds * 1e3, undefined, { signal });
  const after = await manager.usage();
  const asked = (await tenantRequests(manager)) - requests;
  const writes = difference(await countWrites(scene), writesBefore);
  const share = ((after.cpuSeconds - before.cpuSeconds) * 100) / restSeconds;
  return [
    one(`${size} tenants: at rest, CPU`, '% of a core', share, { budget: 5 }),
    one(`${size} tenants: at rest, requests to tenants, each`, 'requests/s', asked / restSeconds / size, {
      budget: 0.2,
    }),
    one(`${size} tenants: at rest, resident memory`, 'MiB', after.residentMiB, memoryBudget(size)),
    one(`${size} tenants: at rest, writes`, 'writes', total(writes), { budget: 0 }),
  ];
}

async function deleteFigures({ fleet: { fleet, manager } }: Scene, size: number): Promise<readonly Figure[]> {
  const before = await manager.usage();
  await fleet.remove(0, size);
  const seconds = await fleet.ready(0);
  const { cpuSeconds } = await manager.usage();
  return [
    one(`${size} tenants: delete until all are gone`, 's', seconds),
    one(
      `${size} tenants: delete, CPU of the manager per tenant`,
      'ms',
      ((cpuSeconds - before.cpuSeconds) * 1e3) / size,
    ),
  ];
}

const lag = 'nodejs_eventloop_lag_p99_seconds';
const quietSeconds = 5;

/** Waits until the manager has ended so many passes over tenants since it started, and then none for a while. */
async function settled({ fleet: { manager } }: Scene, signal: AbortSignal, passes = 0): Promise<void> {
  const count = (): Promise<number> =>
    manager.metric('controller_runtime_reconcile_total', { controller: 'tenantcontrolplane' });
  for (let last = -1, still = 0; still < quietSeconds;) {
    const now = await count();
    still = now === last && now >= passes ? still + 1 : 0;
    last = now;
    await sleep(1_000, undefined, { signal });
  }
}

function tenantRequests(manager: Manager): Promise<number> {
  return manager.metric('rest_client_requests_total', { host: 'tenant' });
}

interface Writes {
  readonly objects: number;
  readonly status: number;
  readonly events: number;
}

async function countWrites({ fleet: { controlPlane } }: Scene): Promise<Writes> {
  const count = { objects: 0, status: 0, events: 0 };
  for (const { objectRef } of await controlPlane.auditEvents()) {
    if (objectRef?.resource === 'events') count.events += 1;
    else if (objectRef?.subresource === 'status') count.status += 1;
    else count.objects += 1;
  }
  return count;
}

function difference(after: Writes, before: Writes): Writes {
  return {
    objects: after.objects - before.objects,
    status: after.status - before.status,
    events: after.events - before.events,
  };
}

function total({ objects, status }: Writes): number {
  return objects + status;
}

function memoryBudget(tenants: number): Readonly<Record<string, number>> {
  return { budget: tenants <= 100 ? 120 : 256 };
}

function one(name: string, unit: string, value: number, limits: Readonly<Record<string, number>> = {}): Figure {
  const samples = [value];
  return figure({
    name,
    unit,
    better: 'lower',
    samples,
    limits: Object.fromEntries(Object.entries(limits).map(([limit, number]) => [limit, budget(number, samples)])),
  });
}
