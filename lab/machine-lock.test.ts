import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { withMachineLock } from './machine-lock.ts';

const { signal } = new AbortController();

test('work under the same lock never overlaps', async () => {
  const name = randomUUID();
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  await Promise.all([1, 2, 3, 4].map(() => withMachineLock(name, { signal }, work)));
  assert.equal(most, 1);
});

test('a failure frees the lock and comes through', async () => {
  const name = randomUUID();
  await assert.rejects(
    withMachineLock(name, { signal }, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await withMachineLock(name, { signal }, () => Promise.resolve('next')), 'next');
});

test('who waits can be called off', async () => {
  const name = randomUUID();
  const caller = new AbortController();
  await withMachineLock(name, { signal }, async () => {
    const waiting = () => caller.abort(new Error('called off'));
    await assert.rejects(
      withMachineLock(name, { signal: caller.signal, waiting }, () => Promise.resolve()),
      /called off/,
    );
  });
});

test('a killed holder leaves no lock behind', async () => {
  const name = randomUUID();
  const module = new URL('machine-lock.ts', import.meta.url).href;
  const script = `
    const { withMachineLock } = await import(${JSON.stringify(module)});
    await withMachineLock(${JSON.stringify(name)}, { signal: new AbortController().signal }, () => {
      console.log('held');
      return new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'exit');
  await once(holder.stdout, 'data');
  const outcome = withMachineLock(name, { signal, waiting: () => void holder.kill('SIGKILL') }, () =>
    Promise.resolve('mine'),
  );
  assert.equal(await outcome, 'mine');
  await ended;
});
