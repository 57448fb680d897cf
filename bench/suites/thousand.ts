import { setTimeout as sleep } from 'node:timers/promises';
import { type Figure, single } from '../figure.ts';
import { growthFigures } from '../growth.ts';
import { memoryBudget } from '../simulated-fleet/memory-budget.ts';
import { restFigures } from '../simulated-fleet/rest.ts';
import { type FleetScene, withFleet } from '../simulated-fleet/with-fleet.ts';
import { countWrites, difference, total } from '../simulated-fleet/writes.ts';
import type { BenchContext, Suite } from '../suite.ts';

export const suite: Suite = {
  name: 'thousand',
  description:
    'the manager with up to 1,000 tenants: real API server and stores, simulated nodes, pods and tenant APIs',
  run: (context) => withFleet(context, (fleet) => measure(fleet, context)),
};

/** What it costs by the number of tenants; none may grow faster than that number. */
const costs = [
  'create until all are Ready, per tenant',
  'create, CPU of the manager per tenant',
  'a label on each, CPU per tenant',
  'a new manager has looked at all',
  'a new manager, CPU until then',
  'at rest, CPU',
  'at rest, requests to the management API server',
  'at rest, resident memory',
  'delete until they are gone, per tenant',
  'delete, CPU of the manager per tenant',
] as const;

interface Step {
  readonly size: number;
  /** How long the rest is looked at. */
  readonly restSeconds: number;
}

const steps: readonly Step[] = [
  { size: 10, restSeconds: 120 },
  { size: 100, restSeconds: 120 },
  { size: 300, restSeconds: 120 },
  { size: 1_000, restSeconds: 600 },
];
const quickSteps: readonly Step[] = [
  { size: 2, restSeconds: 5 },
  { size: 5, restSeconds: 10 },
];

async function measure(scene: FleetScene, { quick, signal, progress }: BenchContext): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  const used = quick ? quickSteps : steps;
  let before = 0;
  for (const { size, restSeconds } of used) {
    progress(`${before} to ${size} tenants: create`);
    figures.push(...(await createFigures(scene, before, size)));
    progress(`${size} tenants: a label on each`);
    figures.push(...(await labelFigures(scene, size, signal)));
    progress(`${size} tenants: a new manager`);
    figures.push(...(await restartFigures(scene, size, signal)));
    progress(`${size} tenants: at rest for ${restSeconds} s`);
    figures.push(...(await restFigures(scene, size, restSeconds, signal)));
    before = size;
  }
  for (const to of [0, ...used.map(({ size }) => size)].toReversed().slice(1)) {
    progress(`${before} to ${to} tenants: delete`);
    figures.push(...(await deleteFigures(scene, before, to)));
    before = to;
  }
  return [...figures, ...growthFigures(figures, costs)];
}

async function createFigures(scene: FleetScene, from: number, to: number): Promise<readonly Figure[]> {
  const { fleet, manager, controlPlane } = scene;
  const count = to - from;
  const writesBefore = await countWrites(controlPlane);
  const before = await manager.usage();
  await manager.restartPeak();
  // The first look resets what the second one tells.
  await manager.metric(lag);
  const started = performance.now();
  await fleet.create(from, to);
  await fleet.ready(to);
  const seconds = (performance.now() - started) / 1_000;
  const lagSeconds = await manager.metric(lag);
  const after = await manager.usage();
  const writes = difference(await countWrites(controlPlane), writesBefore);
  const what = `${from} to ${to} tenants: create`;
  return [
    single(`${what} until all are Ready`, 's', seconds),
    single(`${what} until all are Ready, per tenant`, 's', seconds / count, to >= 100 ? 0.3 : undefined),
    single(`${what}, CPU of the manager per tenant`, 'ms', ((after.cpuSeconds - before.cpuSeconds) * 1e3) / count, 150),
    single(`${what}, objects written per tenant`, 'writes', writes.objects / count, 30),
    single(`${what}, status writes per tenant`, 'writes', writes.status / count, 5),
    single(`${what}, Events per tenant`, 'Events', writes.events / count),
    single(`${what}, peak of the resident memory`, 'MiB', after.peakMiB, memoryBudget(to)),
    single(`${what}, event-loop lag, p99`, 'ms', lagSeconds * 1e3, 100),
  ];
}

async function labelFigures(scene: FleetScene, size: number, signal: AbortSignal): Promise<readonly Figure[]> {
  const { fleet, manager, controlPlane } = scene;
  const before = await manager.usage();
  const writesBefore = await countWrites(controlPlane);
  await fleet.label(size, `at-${size}`);
  await settled(scene, size, signal);
  const { cpuSeconds } = await manager.usage();
  const writes = difference(await countWrites(controlPlane), writesBefore);
  return [
    single(`${size} tenants: a label on each, CPU per tenant`, 'ms', ((cpuSeconds - before.cpuSeconds) * 1e3) / size),
    single(`${size} tenants: a label on each, writes`, 'writes', total(writes), 0),
  ];
}

async function restartFigures(scene: FleetScene, size: number, signal: AbortSignal): Promise<readonly Figure[]> {
  const writesBefore = await countWrites(scene.controlPlane);
  const started = performance.now();
  await scene.restartManager();
  await settled(scene, size, signal, size);
  const seconds = (performance.now() - started) / 1_000 - quietSeconds;
  const { cpuSeconds, peakMiB } = await scene.manager.usage();
  const writes = difference(await countWrites(scene.controlPlane), writesBefore);
  return [
    single(`${size} tenants: a new manager has looked at all`, 's', seconds),
    single(`${size} tenants: a new manager, CPU until then`, 's', cpuSeconds),
    single(`${size} tenants: a new manager, peak of the resident memory`, 'MiB', peakMiB, memoryBudget(size)),
    single(`${size} tenants: a new manager, writes`, 'writes', total(writes), 0),
  ];
}

async function deleteFigures({ fleet, manager }: FleetScene, from: number, to: number): Promise<readonly Figure[]> {
  const count = from - to;
  const before = await manager.usage();
  const started = performance.now();
  await fleet.remove(to, from);
  await fleet.ready(to);
  const seconds = (performance.now() - started) / 1_000;
  const { cpuSeconds } = await manager.usage();
  const what = `${from} to ${to} tenants: delete`;
  return [
    single(`${what} until they are gone`, 's', seconds),
    single(`${what} until they are gone, per tenant`, 's', seconds / count),
    single(`${what}, CPU of the manager per tenant`, 'ms', ((cpuSeconds - before.cpuSeconds) * 1e3) / count),
  ];
}

const lag = 'nodejs_eventloop_lag_p99_seconds';
const quietSeconds = 5;

/**
 * Waits until the manager has ended so many passes over tenants since it started, and then for a while has none to do but those that
 * it always does: the looks into tenants to which nothing has happened.
 */
async function settled({ manager }: FleetScene, size: number, signal: AbortSignal, passes = 0): Promise<void> {
  const ended = () => manager.metric('controller_runtime_reconcile_total', { controller: 'tenantcontrolplane' });
  const waiting = () => manager.metric('workqueue_depth', { name: 'tenantcontrolplane' });
  // Each is looked into every 30 seconds, but not many more than three a second.
  const mostPerSecond = 1 + 2 * Math.min(size / 30, 10 / 3);
  for (let last = -Infinity, quiet = 0; quiet < quietSeconds;) {
    const now = await ended();
    const isQuiet = now >= passes && now - last <= mostPerSecond && (await waiting()) === 0;
    quiet = isQuiet ? quiet + 1 : 0;
    last = now;
    await sleep(1_000, undefined, { signal });
  }
}
