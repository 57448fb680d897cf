import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const shim = fileURLToPath(new URL('runc-shim.sh', import.meta.url));
let directory = '';

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'runc-shim-'));
  await writeFile(join(directory, 'runc'), '#!/bin/sh\necho "runc $*"\n', { mode: 0o755 });
});
after(() => rm(directory, { recursive: true, force: true }));

async function runShim(...args: readonly string[]): Promise<string> {
  const env = { PATH: `${directory}${delimiter}${process.env['PATH'] ?? ''}` };
  return (await execa('sh', [shim, ...args], { env })).stdout;
}

const process_ = {
  args: ['sh'],
  oomScoreAdj: -1000,
  rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1048576, soft: 1048576 }],
  capabilities: { bounding: ['CAP_CHOWN', 'CAP_SYS_RESOURCE'], ambient: [] },
};

test('a container is created without what the host cannot grant', async () => {
  const bundle = join(directory, 'bundle');
  await mkdir(bundle);
  await writeFile(join(bundle, 'config.json'), JSON.stringify({ ociVersion: '1.0.2', process: process_ }));
  assert.equal(
    await runShim('--root', '/run/x', 'create', '--bundle', bundle, 'id'),
    `runc --root /run/x create --bundle ${bundle} id`,
  );
  const config: unknown = JSON.parse(await readFile(join(bundle, 'config.json'), 'utf8'));
  const score = Number(await readFile('/proc/self/oom_score_adj', 'utf8'));
  assert.deepEqual(config, {
    ociVersion: '1.0.2',
    process: { args: ['sh'], oomScoreAdj: score, capabilities: { bounding: ['CAP_CHOWN'], ambient: [] } },
  });
});

test('so is a process that joins a container, and a higher OOM score stays', async () => {
  const file = join(directory, 'process.json');
  await writeFile(file, JSON.stringify({ ...process_, oomScoreAdj: 1000 }));
  await runShim('exec', `--process=${file}`, 'id');
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), {
    args: ['sh'],
    oomScoreAdj: 1000,
    capabilities: { bounding: ['CAP_CHOWN'], ambient: [] },
  });
});

test('other commands go through untouched', async () => {
  assert.equal(await runShim('state', 'id'), 'runc state id');
});
