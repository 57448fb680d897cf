import { setTimeout as sleep } from 'node:timers/promises';
import { type Figure, single } from '../figure.ts';
import type { Fleet } from '../simulated-fleet/fleet.ts';
import type { Manager } from '#test/manager-process.ts';
import { withFleet } from '../simulated-fleet/with-fleet.ts';
import type { BenchContext, Suite } from '../suite.ts';

export const suite: Suite = {
  name: 'soak',
  description:
    'what the manager still holds after 500 tenants have come and gone: real API server and store, the rest simulated',
  run: (context) => withFleet(context, ({ fleet, manager }) => soak(fleet, manager, context)),
};

async function soak(
  fleet: Fleet,
  manager: Manager,
  { quick, signal, progress }: BenchContext,
): Promise<readonly Figure[]> {
  const [rounds, tenants] = quick ? [2, 2] : [20, 25];
  const round = async (number: number): Promise<void> => {
    const [from, to] = [number * tenants, (number + 1) * tenants];
    await fleet.create(from, to);
    await fleet.ready(tenants);
    await fleet.remove(from, to);
    await fleet.ready(0);
  };
  progress('first round');
  // The first tenants fill what is kept for all: compiled code, connections, schemas.
  await round(0);
  const before = await rest(manager, quick, signal);
  for (let n = 1; n <= rounds; n++) {
    progress(`round ${n} of ${rounds}`);
    await round(n);
  }
  const after = await rest(manager, quick, signal);
  const what = `after ${rounds * tenants} tenants came and went, against after ${tenants}: `;
  const ratio = (name: string, of: (held: Held) => number): Figure => {
    const note = `${Math.round(of(before))} then, ${Math.round(of(after))} now`;
    return single(what + name, 'times', of(after) / of(before), 1.1, note);
  };
  return [
    ratio('heap in use (MiB)', ({ heapMiB }) => heapMiB),
    ratio('resident memory (MiB)', ({ residentMiB }) => residentMiB),
    ratio('open files and sockets', ({ files }) => files),
    ratio('timers, sockets and other handles of Node', ({ handles }) => handles),
  ];
}

interface Held {
  readonly heapMiB: number;
  readonly residentMiB: number;
  readonly files: number;
  readonly handles: number;
}

/**
 * Longer than anything of a tenant that is gone is kept by intent: what is remembered of certificates for up to two periods of six
 * minutes (`endPeriods` in main.ts), a series of Events for seven minutes; and some minutes more, until the engine has collected
 * it. Only the token buckets of Events may take longer until they are full: a number for each object.
 */
const REST_SECONDS = 15 * 60;
const LOOK_SECONDS = 5;

/**
 * The least of many looks while nothing happens: garbage is collected when the engine sees fit. Both rests are as long: what the
 * first one still held by intent would make the comparison easier.
 */
async function rest(manager: Manager, quick: boolean, signal: AbortSignal): Promise<Held> {
  const looks: Held[] = [];
  for (let n = 0; n < (quick ? 3 : REST_SECONDS / LOOK_SECONDS); n++) {
    await sleep(LOOK_SECONDS * 1_000, undefined, { signal });
    looks.push({
      heapMiB: (await manager.metric('nodejs_heap_size_used_bytes')) / 2 ** 20,
      residentMiB: (await manager.usage()).residentMiB,
      files: await manager.metric('process_open_fds'),
      handles: await manager.metric('nodejs_active_resources_total'),
    });
  }
  const least = (of: (held: Held) => number): number => Math.min(...looks.map(of));
  return {
    heapMiB: least(({ heapMiB }) => heapMiB),
    residentMiB: least(({ residentMiB }) => residentMiB),
    files: least(({ files }) => files),
    handles: least(({ handles }) => handles),
  };
}
