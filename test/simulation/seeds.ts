import { Adversary } from './adversary/adversary.ts';
import { pick, randomOf } from './random.ts';
import type { Run } from './run.ts';
import { run } from './run.ts';
import type { Simulation } from './simulation.ts';
import type { Scenario } from './scenarios/scenario.ts';

/** The scenario that is played with a seed. */
export function scenarioOf(seed: number, from: readonly Scenario[]): Scenario {
  const [first, ...others] = from.filter(({ isLong }) => isLong !== true);
  if (first === undefined) throw new TypeError('there is no scenario');
  return pick(randomOf(seed, 'scenario'), [first, ...others]);
}

/**
 * Plays a scenario against an adversary, by one manager or two. When the adversary rests, at checkpoints, the system must
 * come to the state that it has without one. Throws when it does not; `deeds` are then what the adversary did.
 */
export async function playWithSeed(
  seed: number,
  scenario: Scenario,
  undisturbed: Pick<Run, 'checkpoints'>,
  deeds: string[] = [],
  began: (simulation: Simulation) => void = () => {},
): Promise<Run> {
  const adversary = new Adversary({ seed, maySpoil: scenario.isPausing !== true, deeds });
  return run(scenario, {
    seed,
    expected: undisturbed.checkpoints,
    decide: adversary.decide,
    opponent: (simulation) => {
      began(simulation);
      return adversary.against(simulation);
    },
    managers: randomOf(seed, 'managers')() < 0.5 ? 1 : 2,
  });
}
