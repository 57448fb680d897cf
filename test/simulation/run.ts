import type { Scenario } from './scenarios/scenario.ts';
import type { NumberedCall, SimulationOptions } from './simulation.ts';
import { Simulation, SimulationError } from './simulation.ts';
import { orphansIn } from './invariants/orphans.ts';
import { requireGranted } from './invariants/rights.ts';
import type { RequestInfo } from './process/request-info.ts';
import { signOnThisThread } from './quiesce.ts';
import { differences } from './snapshot/difference.ts';
import type { Snapshot } from './snapshot/snapshot.ts';
import { snapshotOf } from './snapshot/snapshot.ts';
import { Stage } from './stage.ts';

/** What a scenario came to. */
export interface Run {
  /** The state at each checkpoint. */
  readonly checkpoints: ReadonlyMap<string, Snapshot>;
  readonly transcript: readonly NumberedCall[];
  /** Requests to the management API, with the status of the answer. */
  readonly requests: readonly { readonly info: RequestInfo; readonly status: number }[];
}

export interface RunOptions extends SimulationOptions {
  /** Compares each checkpoint with that of this run. */
  readonly expected?: ReadonlyMap<string, Snapshot>;
  readonly managers?: number;
  /** Plays against the managers. */
  readonly opponent?: (simulation: Simulation) => Opponent;
  /** Ends every manager at each checkpoint and starts another one, which must find nothing to do. */
  readonly restarts?: boolean;
  /** Asked after each checkpoint whether that is enough. */
  readonly endsAfter?: () => boolean;
}

/** Something that makes trouble between checkpoints. */
export interface Opponent {
  pause(): void;
  goOn(): void;
}

/** Thrown through a scenario that need not go on. */
class Enough extends Error {}

/** Plays a scenario from its beginning to its end and checks, at each checkpoint and at the end, what must always hold. */
export async function run(scenario: Scenario, options: RunOptions): Promise<Run> {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', onRejection);
  const giveBack = signOnThisThread();
  const settings = { ...scenario.settings, ...options.settings };
  const simulation = new Simulation({ ...options, settings });
  const checkpoints = new Map<string, Snapshot>();
  try {
    await simulation.world.prepare();
    let opponent: Opponent | undefined;
    const stage: Stage = new Stage(simulation, async (name) => {
      opponent?.pause();
      checkpoints.set(name, await checkpoint(simulation, name, options));
      if (options.endsAfter?.() === true) throw new Enough();
      opponent?.goOn();
    });
    opponent = options.opponent?.(simulation);
    simulation.run(options.managers ?? 1);
    await scenario.play(stage).catch((error: unknown) => {
      if (!(error instanceof Enough)) throw error;
    });
    opponent?.pause();
    await simulation.terminate();
    await requireGranted(simulation.requests);
    if (rejections.length > 0) {
      throw new SimulationError('a rejection was not handled', { cause: rejections[0] });
    }
    return { checkpoints, transcript: simulation.transcript, requests: simulation.requests };
  } finally {
    simulation.kill();
    giveBack();
    process.off('unhandledRejection', onRejection);
  }
}

async function checkpoint(simulation: Simulation, name: string, options: RunOptions): Promise<Snapshot> {
  await simulation.settle();
  const snapshot = snapshotOf(simulation.world);
  const orphans = orphansIn(simulation.world);
  if (orphans.length > 0) throw new SimulationError(`orphaned at '${name}':\n${orphans.join('\n')}`);
  const expected = options.expected?.get(name);
  if (expected !== undefined) {
    requireEqual(`at '${name}' the state is another one than without trouble`, expected, snapshot);
  }
  if (options.restarts === true) await requireIdleAfterRestart(simulation, name, snapshot);
  return snapshot;
}

/** A process without memory passes over everything: that must change nothing. */
async function requireIdleAfterRestart(simulation: Simulation, name: string, before: Snapshot): Promise<void> {
  const { server } = simulation.world.management;
  const managers = simulation.alive.length;
  await simulation.terminate();
  const from = server.requests.length;
  simulation.run(managers);
  await simulation.settle();
  const writes = server.requests
    .slice(from)
    .filter(({ verb, resource }) => !['get', 'list', 'watch'].includes(verb) && resource !== 'leases')
    .map(({ verb, resource, subresource, namespace, name: object }) =>
      [verb, resource, subresource, namespace, object].filter((part) => part !== '').join(' '),
    );
  if (writes.length > 0) {
    throw new SimulationError(`at '${name}' a new process writes though nothing has changed:\n${writes.join('\n')}`);
  }
  requireEqual(`at '${name}' a new process changes the state`, before, snapshotOf(simulation.world));
}

function requireEqual(what: string, expected: Snapshot, found: Snapshot): void {
  const different = differences(expected, found);
  if (different.length > 0) throw new SimulationError(`${what} (expected | found):\n${different.join('\n')}`);
}
