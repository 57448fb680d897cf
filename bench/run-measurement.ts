import { fork } from 'node:child_process';
import type { FromChild, Measurement, ToChild } from './measurement.ts';

/** A measurement failed; the message holds what the child process said. */
export class MeasurementError extends Error {
  readonly code = 'MEASUREMENT_FAILED';
}

/**
 * Runs a measurement in a new Node process with `gc` exposed, and `whilePaused` here whenever it pauses. The process is
 * gone when this settles, and when this process ends.
 */
export function runMeasurement<Input, Output, Pause, Resume>(
  measurement: Measurement<Input, Output, Pause, Resume>,
  input: Input,
  signal: AbortSignal,
  whilePaused?: (payload: Pause) => Promise<Resume>,
): Promise<Output> {
  const child = fork(new URL('child.ts', import.meta.url), [measurement.module], {
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
    // Whatever it prints must not get into the JSON on our standard output.
    stdio: ['ignore', 2, 2, 'ipc'],
    // Under `test` the cache would freeze every object.
    env: { ...process.env, NODE_ENV: 'production' },
    signal,
    killSignal: 'SIGKILL',
  });
  const send = (message: ToChild): void => {
    child.send(message);
  };
  return new Promise<Output>((resolve, reject) => {
    // More than one may come: of the start, and then of each message that nobody is there to take.
    child.on('error', reject);
    child.once('exit', (code, killer) => reject(new MeasurementError(`ended by ${killer ?? `exit code ${code}`}`)));
    child.on('message', (message: FromChild) => {
      if ('failure' in message) reject(new MeasurementError(message.failure));
      // Both ends are one program of one version: the types of the measurement are those of the messages.
      else if ('output' in message) resolve(message.output as Output);
      else if (whilePaused === undefined) reject(new MeasurementError('it pauses, and nothing was to be done then'));
      else whilePaused(message.pause as Pause).then((resume) => send({ resume }), reject);
    });
    send({ input });
  }).finally(() => child.kill('SIGKILL'));
}
