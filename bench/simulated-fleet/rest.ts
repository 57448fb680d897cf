import { setTimeout as sleep } from 'node:timers/promises';
import type { Manager } from '#test/manager-process.ts';
import { type Figure, single } from '../figure.ts';
import { memoryBudget } from './memory-budget.ts';
import type { FleetScene } from './with-fleet.ts';
import { countWrites, difference, total } from './writes.ts';

/** Looks for so long at a manager whose tenants do nothing. */
export async function restFigures(
  { controlPlane, manager }: FleetScene,
  size: number,
  seconds: number,
  signal: AbortSignal,
): Promise<readonly Figure[]> {
  const writesBefore = await countWrites(controlPlane);
  const [toTenants, toManagement] = [await requests(manager, 'tenant'), await requests(manager, 'management')];
  const before = await manager.usage();
  const looks = await watch(manager, seconds, signal);
  const after = await manager.usage();
  const writes = difference(await countWrites(controlPlane), writesBefore);
  const asked = (await requests(manager, 'tenant')) - toTenants;
  const askedOfManagement = (await requests(manager, 'management')) - toManagement;
  const rest = (name: string, unit: string, value: number, limit?: number, note?: string): Figure =>
    single(`${size} tenants: at rest, ${name}`, unit, value, limit, note);
  const growth = (name: string, of: (held: Held) => number): Figure => {
    const [first, last] = firstAndLast(looks, of);
    return rest(
      `growth of ${name}`,
      'times',
      last / first,
      1.1,
      `${first.toFixed(1)} MiB, then ${last.toFixed(1)} MiB`,
    );
  };
  return [
    rest('CPU', '% of a core', ((after.cpuSeconds - before.cpuSeconds) * 100) / seconds, 5, lookedAt(seconds)),
    rest('requests to tenants, each', 'requests/s', asked / seconds / size, 0.2),
    rest('requests to the management API server', 'requests/min', (askedOfManagement * 60) / seconds),
    rest('resident memory', 'MiB', after.residentMiB, memoryBudget(size)),
    growth('resident memory', ({ residentMiB }) => residentMiB),
    growth('heap in use', ({ heapMiB }) => heapMiB),
    rest('writes', 'writes', total(writes), 0),
    rest('Events', 'Events', writes.events, 0),
  ];
}

function lookedAt(seconds: number): string {
  return (
    `over ${seconds} s, in which the metrics are asked for every ${lookSeconds} s; ` +
    'what has grown is the least of the first minute (or half) against the least of the last'
  );
}

interface Held {
  /** Since the rest began. */
  readonly seconds: number;
  readonly residentMiB: number;
  readonly heapMiB: number;
}

// As often as Prometheus asks by default where the operator is installed with it, and often enough for four looks a minute.
const lookSeconds = 15;

async function watch(manager: Manager, seconds: number, signal: AbortSignal): Promise<readonly Held[]> {
  const started = performance.now();
  const looks: Held[] = [];
  const step = Math.min(lookSeconds, seconds / 2);
  for (let at = step; at <= seconds; at += step) {
    await sleep(Math.max(0, started + at * 1_000 - performance.now()), undefined, { signal });
    const heapMiB = (await manager.metric('nodejs_heap_size_used_bytes')) / 2 ** 20;
    looks.push({ seconds: at, heapMiB, residentMiB: (await manager.usage()).residentMiB });
  }
  return looks;
}

/** The least of several looks: garbage is collected when the engine sees fit. */
function firstAndLast(looks: readonly Held[], of: (held: Held) => number): readonly [number, number] {
  const end = looks.at(-1)?.seconds ?? 0;
  const span = Math.min(60, end / 2);
  const least = (some: readonly Held[]): number => Math.min(...some.map(of));
  return [
    least(looks.filter(({ seconds }) => seconds <= span)),
    least(looks.filter(({ seconds }) => seconds > end - span)),
  ];
}

function requests(manager: Manager, host: 'tenant' | 'management'): Promise<number> {
  return manager.metric('rest_client_requests_total', { host });
}
