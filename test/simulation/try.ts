import { writeFileSync } from 'node:fs';
import { run } from './run.ts';
import * as all from './scenarios/index.ts';
const want = process.argv[2];
for (const scenario of all.scenarios) {
  if (want !== undefined && scenario.name !== want) continue;
  const t0 = performance.now();
  try {
    const result = await run(scenario, { seed: 1, restarts: process.argv[3] === 'restarts' });
    for (const [name, snap] of result.checkpoints)
      writeFileSync(`/tmp/snap-${scenario.name}-${name}.json`, JSON.stringify(snap, undefined, 1));
    const counts = new Map<string, number>();
    for (const c of result.transcript) counts.set(c.line, (counts.get(c.line) ?? 0) + 1);
    process.stdout.write(`${scenario.name} ${Math.round(performance.now() - t0)} ms ${JSON.stringify([...counts])}\n`);
  } catch (error) {
    process.stdout.write(
      scenario.name +
        ' ' +
        String((error as Error).stack) +
        '\n' +
        String(((error as Error).cause as Error)?.stack) +
        '\n',
    );
  }
}
