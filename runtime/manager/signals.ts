import type { Logger } from 'winston';

/**
 * Aborts on the first SIGTERM or SIGINT; a second one ends the process at once with code 1. As process 1 of a
 * container Node gets neither signal unless someone listens.
 */
export function shutdownSignal(log: Logger, process: NodeJS.Process = globalThis.process): AbortSignal {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(1);
    log.info('received signal', { signal: name });
    controller.abort(new Error(`received ${name}`));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return controller.signal;
}
