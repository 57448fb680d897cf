import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { freePorts } from '#test/child-processes.ts';
import { kubeconfigText } from '#test/control-plane.ts';
import { type Figure, budget, figure } from '../figure.ts';
import { accessTo } from '../populate.ts';
import { runMeasurement } from '../run-measurement.ts';
import { type Fleet, observeFleet } from '../simulated-fleet/fleet.ts';
import {
  MANAGER,
  MANAGER_NAMESPACE,
  type ManagementCluster,
  startManagementCluster,
} from '#test/simulated-fleet/management-cluster.ts';
import { type ManagerProcess, startManager } from '../simulated-fleet/manager-process.ts';
import { measurement as tenantApis } from '../measurements/tenant-apis.ts';
import type { BenchContext, Suite } from '../suite.ts';

export const suite: Suite = {
  name: 'thousand',
  description:
    'the manager with up to 1,000 tenants: real API server and stores, simulated nodes, pods and tenant APIs',
  async run(context) {
    const { signal, progress } = context;
    progress('bundling');
    await execa('npm', ['run', 'build'], { cancelSignal: signal });
    await using cluster = await startManagementCluster(signal);
    const [port = 0] = await freePorts(1);
    const { promise, resolve, reject } = Promise.withResolvers<readonly Figure[]>();
    const input = { management: accessTo(cluster.controlPlane), port };
    await runMeasurement(tenantApis, input, signal, async () => {
      await measure(cluster, port, context).then(resolve, reject);
    });
    return await promise;
  },
};

/** How many tenants there are at each step, and how long a rest is looked at. */
interface Plan {
  readonly sizes: readonly number[];
  readonly restSeconds: number;
}

async function measure(cluster: ManagementCluster, port: number, context: BenchContext): Promise<readonly Figure[]> {
  const { quick, signal, progress } = context;
  const { sizes, restSeconds }: Plan = quick
    ? { sizes: [5], restSeconds: 10 }
    : { sizes: [10, 100, 300, 1_000], restSeconds: 120 };
  const { controlPlane } = cluster;
  const identity = await controlPlane.identity(MANAGER, ['system:masters']);
  const kubeconfigPath = join(controlPlane.directory, 'manager.kubeconfig');
  await writeFile(kubeconfigPath, kubeconfigText(controlPlane.server, controlPlane.caCertificatePem, identity));
  const { directory } = controlPlane;
  const start = (): Promise<ManagerProcess> =>
    startManager({ kubeconfigPath, namespace: MANAGER_NAMESPACE, directory, signal });
  await using fleet = await observeFleet(controlPlane, port, signal);
  const scene: Scene = { cluster, fleet, manager: await start(), restSeconds, signal };
  try {
    const figures: Figure[] = [];
    let before = 0;
    for (const size of sizes) {
      progress(`${before} to ${size} tenants: create`);
      figures.push(...(await createFigures(scene, before, size)));
      progress(`${size} tenants: a label on each`);
      figures.push(...(await labelFigures(scene, size)));
      progress(`${size} tenants: a new manager`);
      await scene.manager.stop();
      const started = performance.now();
      scene.manager = await start();
      figures.push(...(await restartFigures(scene, size, started)));
      progress(`${size} tenants: at rest`);
      figures.push(...(await restFigures(scene, size)));
      before = size;
    }
    progress(`${before} tenants: delete`);
    figures.push(...(await deleteFigures(scene, before)));
    return figures;
  } finally {
    await scene.manager.stop();
  }
}

interface Scene {
  readonly cluster: ManagementCluster;
  readonly fleet: Fleet;
  manager: ManagerProcess;
  readonly restSeconds: number;
  readonly signal: AbortSignal;
}

async function createFigures(scene: Scene, from: number, to: number): Promise<readonly Figure[]> {
  const { fleet, manager } = scene;
  const count = to - from;
  const writesBefore = await countWrites(scene);
  const before = await manager.usage();
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

async function labelFigures(scene: Scene, size: number): Promise<readonly Figure[]> {
  const { fleet, manager } = scene;
  const before = await manager.usage();
  const writesBefore = await countWrites(scene);
  await fleet.label(size, `at-${size}`);
  await settled(scene);
  const { cpuSeconds } = await manager.usage();
  const writes = difference(await countWrites(scene), writesBefore);
  return [
    one(`${size} tenants: a label on each, CPU per tenant`, 'ms', ((cpuSeconds - before.cpuSeconds) * 1e3) / size),
    one(`${size} tenants: a label on each, writes`, 'writes', total(writes), { budget: 0 }),
  ];
}

async function restartFigures(scene: Scene, size: number, started: number): Promise<readonly Figure[]> {
  const { manager } = scene;
  const writesBefore = await countWrites(scene);
  await settled(scene, size);
  const seconds = (performance.now() - started) / 1000 - quietSeconds;
  const { cpuSeconds, peakMiB } = await manager.usage();
  const writes = difference(await countWrites(scene), writesBefore);
  return [
    one(`${size} tenants: a new manager has looked at all`, 's', seconds),
    one(`${size} tenants: a new manager, CPU until then`, 's', cpuSeconds),
    one(`${size} tenants: a new manager, peak of the resident memory`, 'MiB', peakMiB, memoryBudget(size)),
    one(`${size} tenants: a new manager, writes`, 'writes', total(writes), { budget: 0 }),
  ];
}

async function restFigures(scene: Scene, size: number): Promise<readonly Figure[]> {
  const { manager, restSeconds, signal } = scene;
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

async function deleteFigures({ fleet, manager }: Scene, size: number): Promise<readonly Figure[]> {
  const before = await manager.usage();
  await fleet.remove(size);
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
async function settled({ manager, signal }: Scene, passes = 0): Promise<void> {
  const count = (): Promise<number> =>
    manager.metric('controller_runtime_reconcile_total', { controller: 'tenantcontrolplane' });
  for (let last = -1, still = 0; still < quietSeconds;) {
    const now = await count();
    still = now === last && now >= passes ? still + 1 : 0;
    last = now;
    await sleep(1_000, undefined, { signal });
  }
}

function tenantRequests(manager: ManagerProcess): Promise<number> {
  return manager.metric('rest_client_requests_total', { host: 'tenant' });
}

interface Writes {
  readonly objects: number;
  readonly status: number;
  readonly events: number;
}

async function countWrites({ cluster }: Scene): Promise<Writes> {
  const count = { objects: 0, status: 0, events: 0 };
  for (const { objectRef } of await cluster.controlPlane.auditEvents()) {
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
