import { setTimeout as sleep } from 'node:timers/promises';
import { labels } from '#api/labels.ts';
import { type BareTenant, applyBareTenants } from '#lab/bare-tenant.ts';
import { managerPods, managerRequests, restartsOf } from '#test/lab/manager.ts';
import { findProcess, readUsage, restartPeak } from '#test/lab/pod-process.ts';
import type { ProcessUsage } from '#test/process-usage.ts';
import { type Figure, figure, single } from '../figure.ts';
import { type BenchLab, namespace, openBenchLab } from '../lab/bench-lab.ts';
import { removeTenants } from '../lab/creation.ts';
import { readyAt, until } from '../lab/moments.ts';
import { countRequests, describeWrites, type RequestCounts } from '../lab/request-counts.ts';
import type { BenchContext, Suite } from '../suite.ts';

export const suite: Suite = {
  name: 'fleet',
  description: 'many tenants created at once on the lab, of one replica each, and then left alone',
  async run(context) {
    const count = context.quick ? 2 : 20;
    await using bench = await openBenchLab(context);
    const tenants = Array.from({ length: count }, (_, n) => ({ name: `fleet-${n}`, namespace, resources }));
    const start = await startAll(bench, tenants, context);
    const rest = await watchRest(bench, context);
    await removeTenants(bench, tenants);
    return [...startFigures(count, start), ...restFigures(count, rest)];
  },
};

/** What a small tenant needs, said outright so that twenty of them find room on two processors. */
const small = (cpu: string, memory: string) => ({ requests: { cpu, memory } });
const resources = {
  apiServer: small('20m', '192Mi'),
  controllerManager: small('5m', '48Mi'),
  scheduler: small('5m', '32Mi'),
};

interface Start {
  /** From the creation of the first to Ready, of each tenant. */
  readonly readySeconds: readonly number[];
  /** How often all had to be applied again. */
  readonly appliedAgain: number;
  /** Of containers of control planes. */
  readonly restarts: number;
  readonly managerRestarts: number;
  readonly managerCpuSeconds: number;
  readonly managerPeakMiB: number;
  readonly requests: RequestCounts;
}

const limitSeconds = 1_200;
const retryMs = 5_000;

async function startAll(bench: BenchLab, tenants: readonly BareTenant[], context: BenchContext): Promise<Start> {
  const { signal, progress } = context;
  const { docker } = bench.lab.engine;
  await restartPeak(docker, bench.manager);
  const before = await readUsage(docker, bench.manager);
  const asked = Date.now();
  const appliedAgain = await applyAll(bench, tenants, context);
  let told = 0;
  const moments = (): readonly number[] | undefined => {
    const seen = tenants.flatMap(({ name }) => readyAt(bench.tenants, name) ?? []);
    if (seen.length !== told) progress(`${seen.length} of ${tenants.length} Ready`);
    told = seen.length;
    return seen.length === tenants.length ? seen : undefined;
  };
  const ready = await until(`${tenants.length} tenants Ready`, limitSeconds, moments, signal);
  const after = await managerUsage(bench);
  return {
    readySeconds: ready.map((moment) => (moment - asked) / 1_000),
    appliedAgain,
    restarts: restartsSoFar(bench),
    managerRestarts: after.restarts,
    managerCpuSeconds: after.cpuSeconds - (after.restarts === 0 ? before.cpuSeconds : 0),
    managerPeakMiB: after.peakMiB,
    requests: countRequests(await managerRequests(bench.lab, new Date(asked)), new Date(Math.max(...ready))),
  };
}

/** Applies all at once, and all again while one was refused, as what keeps a fleet in step does; answers how often again. */
async function applyAll(
  { lab }: BenchLab,
  tenants: readonly BareTenant[],
  { signal, progress }: BenchContext,
): Promise<number> {
  for (let again = 0; ; again++) {
    try {
      await applyBareTenants(lab.kubectl, tenants);
      return again;
    } catch (error) {
      progress(`refused: ${error instanceof Error ? error.message : String(error)}`);
      await sleep(retryMs, undefined, { signal });
    }
  }
}

/** What the manager's process has used; of its present one alone if it was started anew since the benchmark began. */
async function managerUsage(bench: BenchLab): Promise<ProcessUsage & { readonly restarts: number }> {
  const [pod] = await managerPods(bench.lab.kubectl);
  const process = await findProcess(bench.lab.engine.docker, pod?.metadata?.name ?? '', 'manager');
  const usage = await readUsage(bench.lab.engine.docker, process);
  return { ...usage, restarts: process.pid === bench.manager.pid || pod === undefined ? 0 : restartsOf(pod) };
}

/** The highest count of each pod that was ever seen, together. */
function restartsSoFar({ pods }: BenchLab): number {
  const highest = new Map<string, number>();
  for (const { object } of pods.versions()) {
    if (object.metadata?.labels?.[labels.name] === undefined) continue;
    const uid = object.metadata.uid ?? '';
    highest.set(uid, Math.max(highest.get(uid) ?? 0, restartsOf(object)));
  }
  return [...highest.values()].reduce((sum, count) => sum + count, 0);
}

interface Rest {
  readonly minutes: number;
  /** Versions of tenants, their Secrets, Deployments and pods that were stored. */
  readonly changes: number;
  readonly requests: RequestCounts;
  /** What was written, in words. */
  readonly written: string;
  readonly managerCpuSeconds: number;
  readonly restarts: number;
}

async function watchRest(bench: BenchLab, { quick, signal, progress }: BenchContext): Promise<Rest> {
  const seconds = quick ? 20 : 180;
  const histories = [bench.tenants, bench.secrets, bench.deployments, bench.pods];
  const changesSince = (since: number) =>
    histories.flatMap((history) => history.versions().filter(({ at }) => at.getTime() > since)).length;
  const quietMs = quick ? 3_000 : 15_000;
  await until('the fleet at rest', 300, () => (changesSince(Date.now() - quietMs) === 0 ? true : undefined), signal);
  progress(`at rest for ${seconds} s`);
  const began = new Date();
  const before = await managerUsage(bench);
  await sleep(seconds * 1_000, undefined, { signal });
  const after = await managerUsage(bench);
  const [requests, ended] = [await managerRequests(bench.lab, began), new Date()];
  return {
    minutes: seconds / 60,
    changes: changesSince(began.getTime()),
    requests: countRequests(requests, ended),
    written: describeWrites(requests, ended),
    managerCpuSeconds: after.cpuSeconds - before.cpuSeconds,
    restarts: restartsSoFar(bench),
  };
}

function startFigures(count: number, start: Start): readonly Figure[] {
  const { readySeconds, requests } = start;
  const one = (name: string, unit: string, value: number, limit?: number): Figure =>
    single(`${name}, ${count} at once`, unit, value, limit);
  return [
    figure({
      name: `create to Ready of each tenant, ${count} at once`,
      unit: 's',
      better: 'lower',
      samples: readySeconds,
      note: 'the samples are the tenants of one run; the highest is the time until all were Ready',
    }),
    one('containers started anew', 'restarts', start.restarts, 0),
    one('restarts of the manager', 'restarts', start.managerRestarts, 0),
    one('applied again because one was refused', 'times', start.appliedAgain, 0),
    one('CPU of the manager per tenant', 'ms', (start.managerCpuSeconds / count) * 1_000, 150),
    one('peak resident memory of the manager', 'MiB', start.managerPeakMiB),
    one('objects created per tenant', 'objects', requests.created / count, 30),
    one('objects changed per tenant', 'writes', requests.changed / count),
    one('writes of the status per tenant', 'writes', requests.statusWrites / count, 5),
    one('reads per tenant', 'requests', requests.reads / count),
  ];
}

function restFigures(
  count: number,
  { minutes, changes, requests, written, managerCpuSeconds, restarts }: Rest,
): readonly Figure[] {
  const what = `${count} tenants at rest for ${minutes.toFixed(1)} min`;
  const one = (name: string, unit: string, value: number, limit?: number, note?: string): Figure =>
    single(`${name}, ${what}`, unit, value, limit, note);
  return [
    one('changes of objects', 'changes', changes, 0),
    one('requests to the management API server per minute', 'requests', requests.all / minutes),
    one(
      'writes to the management API server',
      'writes',
      requests.all - requests.reads,
      0,
      written === '' ? undefined : written,
    ),
    one('CPU of the manager', '% of a core', (managerCpuSeconds / (minutes * 60)) * 100),
    one('containers started anew since the beginning', 'restarts', restarts, 0),
  ];
}
