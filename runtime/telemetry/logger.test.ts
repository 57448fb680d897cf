import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { suite, test } from 'node:test';
import type { Logger } from 'winston';
import { closeLogger, createLogger } from './logger.ts';

interface Line {
  readonly [key: string]: unknown;
}

async function linesOf(use: (log: Logger) => void, level?: 'debug'): Promise<Line[]> {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const log = createLogger(level === undefined ? { stream } : { stream, level });
  use(log);
  await closeLogger(log);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line));
}

suite('a log line', () => {
  test('is one JSON object with time, level, message and the fields of all parents', async () => {
    const [line] = await linesOf((log) =>
      log.child({ controller: 'a' }).child({ reconcileID: 'r1' }).info('created', { name: 'x' }),
    );
    const { time, ...rest } = line ?? {};
    assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(rest, { level: 'info', message: 'created', controller: 'a', reconcileID: 'r1', name: 'x' });
  });

  test('is dropped below the level', async () => {
    const use = (log: Logger): void => void log.debug('details');
    assert.equal((await linesOf(use)).length, 0);
    assert.equal((await linesOf(use, 'debug')).length, 1);
  });

  test('tells an error with its code and its chain of causes', async () => {
    const root = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const error = new TypeError('cannot reach the store', { cause: new Error('no answer', { cause: root }) });
    const [line] = await linesOf((log) => log.error('pass failed', { error }));
    const { error: printed, message } = line ?? {};
    assert.equal(message, 'pass failed');
    const summary = JSON.parse(JSON.stringify(printed), (key, value) => (key === 'stack' ? undefined : value));
    assert.deepEqual(summary, {
      name: 'TypeError',
      message: 'cannot reach the store',
      cause: {
        name: 'Error',
        message: 'no answer',
        cause: { name: 'Error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
      },
    });
  });

  test('keeps an error that was passed bare', async () => {
    const [line] = await linesOf((log) => log.child({ a: 1 }).error('failed', new Error('why', { cause: 'because' })));
    const { error, a, stack, cause } = line ?? {};
    assert.deepEqual(
      { ...(error as object), stack: '' },
      { name: 'Error', message: 'why', stack: '', cause: 'because' },
    );
    assert.deepEqual([a, stack, cause], [1, undefined, undefined]);
  });

  test('keeps the fields after a message with a percent sign', async () => {
    const [line] = await linesOf((log) => log.info('at 100%s', { name: 'x' }));
    assert.equal(line?.['name'], 'x');
  });

  test('never shows obvious credentials', async () => {
    const key = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----';
    const [line] = await linesOf((log) =>
      log.info(`read ${key} from mysql://user:hunter2@db/x`, {
        password: 'hunter2',
        nested: { 'token-secret': 'hunter2', authorization: 'Bearer hunter2', clientKey: 'hunter2' },
        object: {
          kind: 'Secret',
          metadata: { name: 'kept' },
          data: { any: 'hunter2' },
          stringData: { any: 'hunter2' },
        },
        list: [{ header: 'Bearer hunter2.abc' }],
        error: new Error(`bad ${key}`),
        secretName: 'kept',
      }),
    );
    const text = JSON.stringify(line);
    assert.doesNotMatch(text, /hunter2|MHcCAQEE/);
    assert.equal(text.match(/kept/g)?.length, 2);
  });

  test('survives values that JSON cannot say', async () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const trap = {
      get value(): string {
        throw new Error('no');
      },
    };
    const [line] = await linesOf((log) =>
      log.info('odd', { cycle, big: 10n, trap, at: new Date(0), bytes: Buffer.from('x') }),
    );
    const { cycle: printedCycle, big, at, bytes } = line ?? {};
    assert.deepEqual(
      [printedCycle, big, at, bytes],
      [{ self: '[circular]' }, '10', '1970-01-01T00:00:00.000Z', '[1 bytes]'],
    );
  });
});

test('what is logged while and after the logger is closed is dropped without an error', async () => {
  const lines = await linesOf((log) => {
    const child = log.child({ reconcileID: 'r1' });
    child.info('in time');
    queueMicrotask(() => {
      child.warn('late');
      child.child({}).error('later');
      log.info('last');
    });
  });
  assert.deepEqual(
    lines.map(({ message }) => message),
    ['in time'],
  );
});
