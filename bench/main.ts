import { Command } from 'commander';
import { acceptBaseline, compare, readBaseline } from './baseline.ts';
import { observeConditions } from './conditions.ts';
import { documentFigures } from './document.ts';
import type { Outcome } from './outcome.ts';
import { findSuites } from './registry.ts';
import { changesTable, figuresTable } from './report.ts';
import type { Suite } from './suite.ts';

interface Flags {
  readonly json: boolean;
  readonly quick: boolean;
  readonly compare: boolean;
  readonly accept: boolean;
}

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupt.abort(new Error(`ended by ${signal}`)));
}

const suites = await findSuites();
const program = new Command('bench')
  .description('Benchmarks: figures of this project beside a rival or a limit measured in the same run')
  .argument('[suites...]', `which to run; all when none is named: ${suites.map((suite) => suite.name).join(', ')}`)
  .option('--json', 'one suite, printed as one JSON object', false)
  .option('--quick', 'small sizes and few rounds: shows that it works, not how fast it is', false)
  .option('--compare', 'print ratios to the accepted figures too', false)
  .option('--accept', 'make these figures the accepted ones (bench/baseline.json, docs/performance.md)', false)
  .action(run);
await program.parseAsync();

async function run(names: readonly string[], flags: Flags): Promise<void> {
  const unknown = names.find((name) => suites.every((suite) => suite.name !== name));
  if (unknown !== undefined) program.error(`no suite '${unknown}': see --help`);
  if (flags.json && names.length !== 1) program.error('--json prints one object: name one suite');
  if (flags.quick && flags.accept) program.error('figures of a quick run are no baseline');
  const baseline = flags.compare ? await readBaseline() : {};
  for (const suite of suites.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const outcome = await measure(suite, flags.quick);
    if (outcome === undefined) continue;
    // One by one: whoever ends a run of two hours before its end keeps what it has found.
    if (flags.accept) await documentFigures(await acceptBaseline([outcome]));
    const accepted = baseline[suite.name];
    const changes = flags.compare ? compare(outcome, accepted) : undefined;
    if (flags.json) {
      console.log(JSON.stringify(changes === undefined ? outcome : { ...outcome, changes: changes.map(brief) }));
      continue;
    }
    console.log(`\n${figuresTable(outcome)}`);
    if (changes !== undefined) console.log(`\n${changesTable(outcome, accepted, changes)}`);
  }
}

/** Undefined when the suite failed, which is no reason to lose the figures of the others. */
async function measure(suite: Suite, quick: boolean): Promise<Outcome | undefined> {
  const started = performance.now();
  const observed = await observeConditions();
  const progress = (text: string): void => {
    console.error(`${String(Math.round((performance.now() - started) / 1000)).padStart(4)} s  ${suite.name}: ${text}`);
  };
  try {
    const figures = await suite.run({ quick, signal: interrupt.signal, progress });
    return { suite: suite.name, description: suite.description, quick, ...observed(), figures };
  } catch (error) {
    if (interrupt.signal.aborted) throw error;
    console.error(`${suite.name} failed:`, error);
    process.exitCode = 1;
    return undefined;
  }
}

function brief({ figure, accepted, ...change }: ReturnType<typeof compare>[number]): object {
  return { name: figure.name, accepted: accepted?.value.median, ...change };
}
