import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { createStages } from '#lab/stages.ts';
import { labUp } from '#lab/up.ts';
import { testBinaries } from './binaries.ts';
import { allDebianServers, ensureServers } from './debian-servers.ts';

/**
 * Runs tiers 1 to 3 (`unit`), tier 4 on the lab (`e2e`), or both when neither is named, and ends with
 * `N passed, N failed` alone on a line.
 */
const [only] = process.argv.slice(2);
const exclude = ['node_modules/**', 'dist/**'];
/** Of each file, what came of its tests. */
const results = new Map<string, { passed: number; tests: number; skipped: number; todo: number }>();
const failed: string[] = [];

/** What the tests of tiers 1 to 3 start. */
const USED_BY_TESTS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubeadm',
  'kubectl',
  'coredns',
  'proxy-server',
  'proxy-agent',
  'kine',
  'cluster-api-controller',
  'clusterctl',
] as const;

const { stage } = createStages(new AbortController().signal);

if (only !== 'e2e') {
  // Here and not in the tests that need them, where building for minutes would look like hanging.
  await stage('Binaries', ({ signal, report }) => testBinaries(USED_BY_TESTS, signal, report));
  await stage('Databases', ({ signal, report }) => ensureServers(allDebianServers, signal, report));
  // Two even on two cores: much of a test's time is waiting for real servers.
  await runAll(globSync('**/*.test.ts', { exclude }), Math.max(2, availableParallelism() - 1));
}
if (only !== 'unit') {
  await labUp(stage);
  await runAll(globSync('e2e/**/*.e2e.ts'), 1);
}
const total = { passed: 0, failed: 0 };
for (const { passed, tests, skipped, todo } of results.values()) {
  total.passed += passed;
  total.failed += tests - passed - skipped - todo;
}
if (total.failed === 0 && (failed.length > 0 || total.passed === 0)) total.failed += 1;
process.exitCode = total.failed === 0 ? 0 : 1;
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);

/** Machines that are starved of time disturb tests: what fails is named and run once more, alone. */
async function runAll(files: readonly string[], concurrency: number): Promise<void> {
  const disturbed = await runFiles(files, concurrency);
  if (disturbed.length === 0) return;
  process.stdout.write(`\nFailed, and run once more alone, which counts:\n${disturbed.join('\n')}\n\n`);
  failed.push(...(await runFiles(disturbed, 1)));
}

/** Answers the files that failed. What is counted of a file is its last run. */
async function runFiles(files: readonly string[], concurrency: number): Promise<readonly string[]> {
  const failing: string[] = [];
  const stream = run({ files: files.toSorted(), concurrency });
  stream.on('test:summary', ({ file, success, counts }) => {
    if (file === undefined) return;
    results.set(file, counts);
    if (!success) failing.push(file);
  });
  // Not `pipe`: a stage that follows writes to standard output too.
  for await (const text of stream.compose(spec)) process.stdout.write(text);
  return failing;
}
