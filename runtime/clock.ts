/** Time as the runtime sees it: injected wherever time matters, so that tests and simulations own it. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. May jump; only for time stamps that people or other systems read. */
  now(): number;
  /** Milliseconds on a clock that never jumps; for every duration and deadline. */
  monotonic(): number;
  /** Calls `fn` once after `ms` (any length; zero and below mean as soon as possible). Returns the function that cancels. */
  setTimeout(fn: () => void, ms: number): () => void;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: scheduleAnyDelay,
  sleep: (ms, signal) => sleepOn(systemClock, ms, signal),
};

/** `Clock.sleep` in terms of the other members, for implementations of Clock. */
export function sleepOn(clock: Pick<Clock, 'setTimeout'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortReason(signal));
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(abortReason(signal));
    };
    const cancel = clock.setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** The reason of an aborted signal as an Error. */
export function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
}

/** What a promise gives; rejects with the signal's reason when that aborts first. The work behind the promise goes on. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(abortReason(signal));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

// Node keeps a timer's delay in 32 bits and fires a longer one after 1 ms, so long delays run in stages.
const longestNodeTimer = 2 ** 31 - 1;

function scheduleAnyDelay(fn: () => void, ms: number): () => void {
  const deadline = performance.now() + ms;
  let timer: NodeJS.Timeout;
  const arm = (left: number): void => {
    timer =
      left > longestNodeTimer
        ? setTimeout(() => arm(deadline - performance.now()), longestNodeTimer)
        : setTimeout(fn, Math.max(0, left));
  };
  arm(ms);
  return () => clearTimeout(timer);
}
