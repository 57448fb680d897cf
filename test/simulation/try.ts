import { writeFileSync } from 'node:fs';
import { run } from './run.ts';
import { crashPointsOf, crashAt, formatCrashPoint } from './sweep.ts';
import { playWithSeed, scenarioOf } from './seeds.ts';
import { scenarios } from './scenarios/index.ts';
const [mode, want, arg] = process.argv.slice(2);
const show = (error: unknown) =>
  process.stdout.write(
    String((error as Error).stack).slice(0, 6000) +
      '\n' +
      String(((error as Error).cause as Error | undefined)?.stack ?? '') +
      '\n',
  );
const base = new Map<string, Awaited<ReturnType<typeof run>>>();
const cpu = (c: NodeJS.CpuUsage) => Math.round(process.cpuUsage(c).user / 1000);
if (mode === 'base' || mode === 'restarts')
  for (const scenario of scenarios) {
    if (want !== 'all' && scenario.name !== want) continue;
    const c = process.cpuUsage();
    try {
      const result = await run(scenario, { seed: 1, restarts: mode === 'restarts' });
      base.set(scenario.name, result);
      for (const [name, snap] of result.checkpoints)
        writeFileSync(`/tmp/snap-${scenario.name}-${name}.json`, JSON.stringify(snap, undefined, 1));
      const points = crashPointsOf(result);
      process.stdout.write(
        `${scenario.name} ${cpu(c)} ms CPU, ${result.transcript.length} calls, ${points.length} points, ${points.filter((p) => p.when === 'before').length} writes\n`,
      );
    } catch (error) {
      process.stdout.write(`${scenario.name} FAILED\n`);
      show(error);
    }
  }
if (mode === 'sweep')
  for (const scenario of scenarios) {
    if (want !== 'all' && scenario.name !== want) continue;
    const b = await run(scenario, { seed: 1 });
    let points = crashPointsOf(b);
    if (arg === 'writes')
      points = points.filter((p) => b.transcript.some((c) => c.key === p.key && c.writes) && p.when === 'after');
    let failed = 0;
    const c = process.cpuUsage();
    for (const p of points) {
      try {
        await crashAt(p, scenario, b, 1);
      } catch (error) {
        failed += 1;
        process.stdout.write(`FAILED ${scenario.name} ${formatCrashPoint(p)}\n`);
        if (failed < 12) show(error);
      }
    }
    process.stdout.write(`${scenario.name}: ${points.length} points, ${failed} failed, ${cpu(c)} ms CPU\n`);
  }
if (mode === 'seeds') {
  const [from, to] = (want ?? '1-10').split('-').map(Number);
  for (let seed = from!; seed <= to!; seed++) {
    const scenario = arg === undefined ? scenarioOf(seed, scenarios) : scenarios.find((s) => s.name === arg)!;
    let b = base.get(scenario.name);
    if (b === undefined) {
      b = await run(scenario, { seed: 1 });
      base.set(scenario.name, b);
    }
    const deeds: string[] = [];
    const c = process.cpuUsage();
    try {
      const r = await playWithSeed(seed, scenario, b, deeds);
      process.stdout.write(
        `seed ${seed} ${scenario.name} ok ${cpu(c)} ms ${r.transcript.length} calls ${deeds.length} deeds\n`,
      );
    } catch (error) {
      process.stdout.write(`seed ${seed} ${scenario.name} FAILED ${cpu(c)} ms\n${deeds.join('\n')}\n`);
      show(error);
    }
  }
}
if (mode === 'twice') {
  const [from, to] = (want ?? '1-10').split('-').map(Number);
  for (let seed = from!; seed <= to!; seed++) {
    const scenario = scenarioOf(seed, scenarios);
    const lines: string[][] = [];
    for (let i = 0; i < 2; i++) {
      const sims: { transcript: readonly { process: number; line: string; key: string; state: number }[] }[] = [];
      try {
        await playWithSeed(seed, scenario, { checkpoints: new Map() }, [], (s) => sims.push(s));
      } catch (e) {
        process.stdout.write(String(e).slice(0, 200) + '\n');
      }
      lines.push(sims[0]!.transcript.map((c) => `${c.process} ${c.line} ${c.key} ${c.state}`));
    }
    const [a, b] = lines as [string[], string[]];
    const at = a.findIndex((l, i) => l !== b[i]);
    process.stdout.write(
      `seed ${seed} ${scenario.name} ${a.length} ${b.length} ${at === -1 ? 'same' : 'DIFFERENT at ' + at + '\n' + a.slice(at - 5, at + 5).join('\n') + '\n---\n' + b.slice(at - 5, at + 5).join('\n')}\n`,
    );
  }
}
