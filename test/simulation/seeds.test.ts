import { suite, test } from 'node:test';
import { sameTranscript } from './invariants/repetition.ts';
import type { Run } from './run.ts';
import { run } from './run.ts';
import { scenarios } from './scenarios/index.ts';
import { playWithSeed, scenarioOf } from './seeds.ts';

// More of them: `make sim SEEDS=200`.
suite('against a random adversary', () => {
  for (const seed of [5, 7]) {
    test(`seed ${seed}: the managers reach the state that they reach without one`, async () => {
      const scenario = scenarioOf(seed, scenarios);
      await playWithSeed(seed, scenario, await run(scenario, { seed: 1 }));
    });
  }

  test('a seed makes the same run again, call by call', async () => {
    const seed = 26;
    const scenario = scenarioOf(seed, scenarios);
    const play = (): Promise<Run> => playWithSeed(seed, scenario, { checkpoints: new Map() });
    sameTranscript((await play()).transcript, (await play()).transcript);
  });
});
