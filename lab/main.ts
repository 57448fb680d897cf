import { Command } from 'commander';
import { labDown } from './down.ts';
import { LabError } from './lab-error.ts';
import { withMachineLock } from './machine-lock.ts';
import { quickstart } from './quickstart.ts';
import { labRequests } from './requests.ts';
import { createStages, type Stages } from './stages.ts';
import { labStatus } from './status.ts';
import { labLoad, labUp } from './up.ts';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupt.abort(new Error(`ended by ${signal}`)));
}

const program = new Command('lab').description('The local lab: kind, Cluster API, CAPD and this provider');
const command = (name: string, description: string, run: (stages: Stages) => Promise<void>) =>
  program
    .command(name)
    .description(description)
    .action(() => exclusively(() => run(createStages(interrupt.signal))));

command('up', 'bring up, heal or replace the lab', async ({ stage }) => {
  const { paths } = await labUp(stage);
  const environment = `export PATH=${paths.binDirectory}:$PATH KUBECONFIG=${paths.kubeconfig}`;
  console.log(`\nThe lab is up. To look around:\n  ${environment}`);
});
command('down', 'remove all that the lab made; caches stay', ({ stage }) => labDown(stage));
command('load', 'rebuild this provider and reload it into the running lab', ({ stage }) => labLoad(stage));
command('quickstart', 'bring up the lab and a tenant cluster with two worker machines', quickstart);
program
  .command('status')
  .description('show what of the lab runs')
  .action(() => labStatus(interrupt.signal));
program
  .command('requests')
  .description('count the requests that the management API server logged, by user, verb and resource')
  .option('--minutes <n>', 'how far back to look', '10')
  .option('--user <text>', 'only users whose name contains this')
  .option('--writes', 'only requests that change something', false)
  .action((flags: { minutes: string; user?: string; writes: boolean }) =>
    labRequests(Number(flags.minutes), flags.user, flags.writes),
  );

/** The lab is the machine's: two checkouts that changed it at once would undo each other's work. */
function exclusively(work: () => Promise<void>): Promise<void> {
  const waiting = () => console.log('waiting for another process that works on the lab');
  return withMachineLock('lab', { signal: interrupt.signal, waiting }, work);
}

try {
  await program.parseAsync();
} catch (error) {
  // A lab error says what to do; of anything else the stack is the best that can be had.
  console.error(error instanceof LabError ? `\n${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
