import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '#test/lab/history.ts';

/** Somebody who keeps an API server busy. */
export interface Load extends AsyncDisposable {
  /** How many there have been so far. */
  requests(): number;
}

/** Costs the API server much more than who asks. */
const expensive = '/metrics';
const moreEveryMs = 20_000;
const mostInquirers = 8;

/** Asks an API server all the time, and more with every moment that passes, until disposed. */
export async function startLoad(kubeconfig: string, signal: AbortSignal): Promise<Load> {
  const transport = await connect(kubeconfig);
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  let requests = 0;
  const ask = async (): Promise<void> => {
    while (!ended.aborted) {
      const began = performance.now();
      // Pods come and go meanwhile, and take connections with them.
      await transport.request({ method: 'GET', path: expensive, signal: ended }).catch(() => undefined);
      requests += 1;
      // Half of the time, so that a small machine has some for everything else.
      await pause(performance.now() - began, ended);
    }
  };
  const grow = async (): Promise<void> => {
    const inquirers: Promise<void>[] = [];
    while (!ended.aborted) {
      if (inquirers.length < mostInquirers) inquirers.push(ask());
      await pause(moreEveryMs, ended);
    }
    await Promise.all(inquirers);
  };
  const growing = grow();
  return {
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('enough'));
      await growing;
      await transport.close();
    },
  };
}

/** Ends early, and without an error, when the signal comes. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
