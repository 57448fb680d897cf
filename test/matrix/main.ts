import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { ensureKubernetesBinaries, ensureOlderClusterApi } from '#lab/binaries/ensure-binaries.ts';
import { createStages } from '#lab/stages.ts';
import { labUp } from '#lab/up.ts';
import { versions } from '#lab/versions.ts';
import { CLUSTER_API_VERSION } from '../cluster-api/core.ts';
import type { Part, Result } from './document.ts';
import { versionsDocument } from './document.ts';
import { JOINS } from './joins.ts';

/**
 * Runs what takes too long for every run of the tests, ends with `N passed, N failed` alone on a line, and writes down in
 * docs/versions.md what was seen.
 */
const { stage } = createStages(new AbortController().signal);
await stage('Binaries of all versions', async (options) => {
  for (const { controlPlane, nodes } of JOINS) {
    const programs = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
    await ensureKubernetesBinaries(programs, controlPlane, options);
    for (const node of nodes) await ensureKubernetesBinaries(['kubeadm', 'kubelet'], node, options);
  }
  await ensureOlderClusterApi(options);
});

const results: Result[] = [];
await labUp(stage);
await perform('joins', 'test/matrix/*.matrix.ts');
process.env[CLUSTER_API_VERSION] = versions.olderClusterApi;
await perform('core', 'test/cluster-api/{core,topology,workers}.test.ts');
delete process.env[CLUSTER_API_VERSION];
await perform('lab', 'e2e/*.matrix.ts');

const path = 'docs/versions.md';
await writeFile(path, versionsDocument(results, new Date()));
const failed = results.filter(({ passed }) => !passed).length;
process.exitCode = failed === 0 && results.length > 0 ? 0 : 1;
process.stdout.write(`${path}\n${results.length - failed} passed, ${failed} failed\n`);

async function perform(part: Part, pattern: string): Promise<void> {
  const names: string[] = [];
  const note = ({ name, nesting, details }: Outcome, passed: boolean): void => {
    if (details.type === 'suite') return;
    results.push({ names: [...names.slice(0, nesting), name], passed, part });
  };
  const stream = run({ files: globSync(pattern).toSorted(), concurrency: 1 });
  stream.on('test:start', ({ name, nesting }) => void names.splice(nesting, Infinity, name));
  stream.on('test:pass', (event) => note(event, true));
  stream.on('test:fail', (event) => note(event, false));
  // Not `pipe`: the stages before write to standard output too.
  for await (const text of stream.compose(spec)) process.stdout.write(text);
}

interface Outcome {
  readonly name: string;
  readonly nesting: number;
  readonly details: { readonly type?: string };
}
