import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { unusedRights } from './invariants/rights.ts';
import { scenarios } from './scenarios/index.ts';
import type { Failure, Task } from './tasks.ts';
import { scenarioNamed } from './tasks.ts';
import { performAll } from './workers.ts';

interface Flags {
  readonly seeds: number;
  readonly seed?: number;
  readonly scenario?: string;
  readonly crash?: string;
  readonly jobs: number;
  readonly only?: 'scenarios' | 'crashes' | 'seeds';
}

const CRASHES_PER_TASK = 10;
const SEEDS_PER_TASK = 5;

/** Every scenario without trouble, then with a crash at every call, then against random adversaries; or one of all these again. */
async function main(flags: Flags): Promise<void> {
  const started = performance.now();
  const failures: Failure[] = [];
  const rights = new Set<string>();
  const points = new Map<string, readonly string[]>();
  let crashes = 0;
  let seeds = 0;
  const perform = (tasks: readonly Task[]): Promise<void> =>
    performAll(tasks, flags.jobs, (task, result) => {
      for (const failure of result.failures) print(failure);
      failures.push(...result.failures);
      for (const right of result.rights ?? []) rights.add(right);
      if (task.kind === 'scenario') points.set(task.scenario, result.points ?? []);
      if (task.kind === 'crashes') crashes += task.points.length;
      if (task.kind === 'seeds') seeds += task.seeds.length;
      const seconds = Math.round((performance.now() - started) / 1000);
      say(`${seconds} s: ${describe(task)}, so far ${crashes} crash points, ${seeds} seeds, ${failures.length} failed`);
    });

  const chosen = flags.scenario === undefined ? scenarios : [scenarioNamed(flags.scenario)];
  if (flags.seed !== undefined) await perform([{ kind: 'seeds', seeds: [flags.seed] }]);
  else if (flags.crash !== undefined && flags.scenario !== undefined) {
    await perform([{ kind: 'crashes', scenario: flags.scenario, points: [flags.crash] }]);
  } else {
    const wants = (part: Flags['only']): boolean => flags.only === undefined || flags.only === part;
    if (wants('scenarios') || wants('crashes')) {
      await perform(chosen.map(({ name }) => ({ kind: 'scenario', scenario: name })));
      if (flags.scenario === undefined) failures.push(...(await rightsWithoutUse(rights)));
    }
    await perform(
      [...(wants('crashes') ? points : [])].flatMap(([scenario, all]) =>
        chunks(all, CRASHES_PER_TASK).map((some) => ({ kind: 'crashes', scenario, points: some }) as const),
      ),
    );
    if (flags.scenario === undefined && wants('seeds')) {
      const numbers = Array.from({ length: flags.seeds }, (_, index) => index + 1);
      await perform(chunks(numbers, SEEDS_PER_TASK).map((some) => ({ kind: 'seeds', seeds: some })));
    }
  }
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  say(`${points.size} scenarios, ${crashes} crash points, ${seeds} seeds: ${failures.length} failed, ${minutes} min`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

async function rightsWithoutUse(used: ReadonlySet<string>): Promise<readonly Failure[]> {
  const unused = await unusedRights(used);
  if (unused.length === 0) return [];
  const failure = { what: 'rights that nothing uses', replay: 'make sim', message: unused.join('\n') };
  print(failure);
  return [failure];
}

function describe(task: Task): string {
  switch (task.kind) {
    case 'scenario':
      return `${task.scenario} without trouble`;
    case 'crashes':
      return `${task.scenario} with ${task.points.length} crashes`;
    case 'seeds':
      return `seeds ${task.seeds.join(', ')}`;
  }
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function print({ what, replay, message }: Failure): void {
  say(`\nFAILED ${what}\n${message}\nAgain: ${replay}\n`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function parseNumber(text: string): number {
  if (/^\d{1,9}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('write a whole number');
}

const program = new Command('sim')
  .description('The managers in a world of fakes, on a fake clock')
  .option('--seeds <n>', 'random runs', parseNumber, 20)
  .option('--seed <n>', 'only this random run', parseNumber)
  .option('--scenario <name>', 'only this scenario')
  .addOption(new Option('--crash <point>', 'with --scenario: only this crash, as a failure prints it'))
  .addOption(new Option('--only <part>', 'only one part').choices(['scenarios', 'crashes', 'seeds']))
  .option('--jobs <n>', 'processes at a time', parseNumber, availableParallelism());
program.parse();
await main(program.opts<Flags>());
