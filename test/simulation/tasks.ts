import { sameTranscript } from './invariants/repetition.ts';
import { rightsUsedBy } from './invariants/rights.ts';
import type { Run } from './run.ts';
import { run } from './run.ts';
import { scenarios } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { playWithSeed, scenarioOf } from './seeds.ts';
import { crashAt, crashPointsOf, formatCrashPoint, parseCrashPoint } from './sweep.ts';

/** A piece of work, as it is handed to a process. */
export type Task =
  /** Without trouble: twice, which must be the same, and once with a new process at each checkpoint. */
  | { readonly kind: 'scenario'; readonly scenario: string }
  | { readonly kind: 'crashes'; readonly scenario: string; readonly points: readonly string[] }
  | { readonly kind: 'seeds'; readonly seeds: readonly number[] };

/** Something that must not be, and how to see it again. */
export interface Failure {
  readonly what: string;
  readonly replay: string;
  readonly message: string;
}

export interface TaskResult {
  readonly failures: readonly Failure[];
  /** Crash points of a scenario. */
  readonly points?: readonly string[];
  /** Rights that were needed. */
  readonly rights?: readonly string[];
}

const SEED = 1;
const known = new Map<string, Run>();

/** Does a piece of work; what goes wrong is in the result. */
export async function perform(task: Task): Promise<TaskResult> {
  switch (task.kind) {
    case 'scenario':
      return playWithoutTrouble(scenarioNamed(task.scenario));
    case 'crashes':
      return { failures: await collect(task.points, (point) => crash(scenarioNamed(task.scenario), point)) };
    case 'seeds':
      return { failures: await collect(task.seeds, playSeed) };
  }
}

async function playWithoutTrouble(scenario: Scenario): Promise<TaskResult> {
  const replay = `make sim SCENARIO=${scenario.name}`;
  try {
    const first = await undisturbed(scenario);
    const second = scenario.isLong === true ? first : await run(scenario, { seed: SEED, expected: first.checkpoints });
    sameTranscript(first.transcript, second.transcript);
    const restarted = await run(scenario, { seed: SEED, expected: first.checkpoints, restarts: true });
    return {
      failures: [],
      points: scenario.isLong === true ? [] : crashPointsOf(first).map(formatCrashPoint),
      rights: [...rightsUsedBy([...first.requests, ...restarted.requests])],
    };
  } catch (error) {
    return { failures: [{ what: `${scenario.name} without trouble`, replay, message: textOf(error) }] };
  }
}

async function crash(scenario: Scenario, point: string): Promise<Failure | undefined> {
  try {
    await crashAt(parseCrashPoint(point), scenario, await undisturbed(scenario), SEED);
    return undefined;
  } catch (error) {
    const replay = `make sim SCENARIO=${scenario.name} CRASH='${point}'`;
    return { what: `${scenario.name}, crash at '${point}'`, replay, message: textOf(error) };
  }
}

async function playSeed(seed: number): Promise<Failure | undefined> {
  const scenario = scenarioOf(seed, scenarios);
  const deeds: string[] = [];
  try {
    await playWithSeed(seed, scenario, await undisturbed(scenario), deeds);
    return undefined;
  } catch (error) {
    const message = [...deeds.map((deed) => `  ${deed}`), textOf(error)].join('\n');
    return { what: `${scenario.name}, seed ${seed}`, replay: `make sim SEED=${seed}`, message };
  }
}

async function undisturbed(scenario: Scenario): Promise<Run> {
  const found = known.get(scenario.name) ?? (await run(scenario, { seed: SEED }));
  known.set(scenario.name, found);
  return found;
}

/** The scenario of that name; throws when there is none. */
export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  throw new TypeError(`there is no scenario '${name}', only ${scenarios.map((scenario) => scenario.name).join(', ')}`);
}

async function collect<T>(
  items: readonly T[],
  attempt: (item: T) => Promise<Failure | undefined>,
): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  for (const item of items) {
    const failure = await attempt(item);
    if (failure !== undefined) failures.push(failure);
  }
  return failures;
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.name === 'SimulationError' ? error.message : (error.stack ?? error.message);
  return error.cause === undefined ? text : `${text}\ncause: ${textOf(error.cause)}`;
}
