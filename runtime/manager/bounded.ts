import type { Clock } from '../clock.ts';

/**
 * Runs `work` for at most `ms`: true when it resolved in time, false when it did not, and then its signal is aborted
 * and its outcome ignored. Rejects when `work` rejects in time.
 */
export async function within(
  clock: Pick<Clock, 'setTimeout'>,
  ms: number,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const controller = new AbortController();
  const timeout = Promise.withResolvers<boolean>();
  const cancel = clock.setTimeout(() => {
    controller.abort(new Error(`not done after ${ms} ms`));
    timeout.resolve(false);
  }, ms);
  const done = work(controller.signal).then(() => true);
  try {
    return await Promise.race([done, timeout.promise]);
  } finally {
    cancel();
    done.catch(() => {});
  }
}
