import type { Run } from './run.ts';
import { run } from './run.ts';
import type { Scenario } from './scenarios/scenario.ts';
import type { NumberedCall } from './simulation.ts';
import { SimulationError } from './simulation.ts';

/** A moment at which the first process of a run dies: right before or right after its nth call of that kind. */
export interface CrashPoint {
  readonly line: NumberedCall['line'];
  readonly key: string;
  readonly occurrence: number;
  readonly when: 'before' | 'after';
}

/** The calls that passes make: those to the management API beside caches, lease and Events, to tenants and to stores. */
const LINES: ReadonlySet<NumberedCall['line']> = new Set(['work', 'admission', 'tenant', 'datastore']);

/**
 * Every moment at which a crash may leave something half done: after each call that a pass made in a run without trouble,
 * and before each that writes. Of reads that are repeated while nothing changes the first counts.
 */
export function crashPointsOf({ transcript }: Run): readonly CrashPoint[] {
  const seen = new Set<string>();
  return transcript
    .filter(({ process, line }) => process === 1 && LINES.has(line))
    .filter(({ line, key, state, writes }) => {
      const read = `${state} ${line} ${key}`;
      const isNew = writes || !seen.has(read);
      seen.add(read);
      return isNew;
    })
    .flatMap(({ line, key, occurrence, writes }) => [
      ...(writes ? [{ line, key, occurrence, when: 'before' } as const] : []),
      { line, key, occurrence, when: 'after' } as const,
    ]);
}

/**
 * Plays a scenario with a crash at that point, up to the first checkpoint behind it; throws when the state there is not what
 * it is without. What comes later is the same for any process that has just started: `restarts` of a run shows that.
 */
export async function crashAt(point: CrashPoint, scenario: Scenario, undisturbed: Run, seed: number): Promise<void> {
  let crashed = false;
  await run(scenario, {
    seed,
    expected: undisturbed.checkpoints,
    endsAfter: () => crashed,
    decide: ({ process, line, key, occurrence }) => {
      const isHere = line === point.line && key === point.key && occurrence === point.occurrence;
      if (process !== 1 || !isHere) return { kind: 'answered' };
      crashed = true;
      return { kind: 'crash', when: point.when };
    },
  });
  if (!crashed) throw new SimulationError('the call was not made in this run: the simulation does not repeat itself');
}

/** `2 after work apply /api/v1/…`: the point as a command line takes it. */
export function formatCrashPoint({ line, key, occurrence, when }: CrashPoint): string {
  return `${occurrence} ${when} ${line} ${key}`;
}

/** Reads what `formatCrashPoint` writes. */
export function parseCrashPoint(text: string): CrashPoint {
  const [, occurrence, when, line, key] =
    /^(\d+) (before|after) (work|admission|tenant|datastore) (.+)$/u.exec(text) ?? [];
  if (key === undefined) throw new TypeError(`'${text}' is no crash point`);
  return { occurrence: Number(occurrence), when, line, key } as CrashPoint;
}
