import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { ensureKubernetesBinaries } from '#lab/binaries/ensure-binaries.ts';
import { createStages } from '#lab/stages.ts';
import { labUp } from '#lab/up.ts';
import type { Result } from './document.ts';
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
});

const results: Result[] = [];
const names: string[] = [];
await labUp(stage);
const files = globSync('{test/matrix,e2e}/*.matrix.ts').toSorted();
const stream = run({ files, concurrency: 1 });
stream.on('test:start', ({ name, nesting }) => void names.splice(nesting, Infinity, name));
stream.on('test:pass', (event) => note(event, true));
stream.on('test:fail', (event) => note(event, false));
// Not `pipe`: the stages before write to standard output too.
for await (const text of stream.compose(spec)) process.stdout.write(text);

const path = 'docs/versions.md';
await writeFile(path, versionsDocument(results, new Date()));
const failed = results.filter(({ passed }) => !passed).length;
process.exitCode = failed === 0 && results.length > 0 ? 0 : 1;
process.stdout.write(`${path}\n${results.length - failed} passed, ${failed} failed\n`);

function note(
  { name, nesting, details, file }: { name: string; nesting: number; details: { type?: string }; file?: string },
  passed: boolean,
) {
  if (details.type === 'suite') return;
  results.push({ names: [...names.slice(0, nesting), name], passed, onLab: file?.includes('/e2e/') === true });
}
