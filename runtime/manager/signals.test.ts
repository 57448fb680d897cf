import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite, test } from 'node:test';

const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
const script = `
  const { createLogger } = await import(${url('../telemetry/logger.ts')});
  const { shutdownSignal } = await import(${url('./signals.ts')});
  const signal = shutdownSignal(createLogger());
  signal.addEventListener('abort', () => process.env.HANG ? console.log('hanging') : process.exit(0));
  setInterval(() => {}, 1_000);
  console.log('ready');`;

/** A process that stops in order at the first signal, or hangs then. */
async function start(env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  await printed(child, 'ready');
  return child;
}

async function printed(child: ChildProcess, text: string): Promise<void> {
  for await (const chunk of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    if (String(chunk).includes(text)) return;
  }
}

suite('a process', () => {
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    test(`is asked to stop by ${name}`, async () => {
      const child = await start();
      child.kill(name);
      assert.deepEqual(await once(child, 'exit'), [0, null]);
    });
  }

  test('that hangs while stopping ends at the second signal', async () => {
    const child = await start({ HANG: 'yes' });
    child.kill('SIGTERM');
    await printed(child, 'hanging');
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [1, null]);
  });
});
