import { setInterval, setTimeout as sleep } from 'node:timers/promises';
import { type Access, ConnectionEnded, createRequester, type Kind, type Requester, type Sent } from './requester.ts';

/** A request that a user would have seen fail. */
export interface Failure {
  readonly at: Date;
  readonly text: string;
}

/** What has happened since the last look. */
export interface ProbeTally {
  readonly requests: number;
  /** Sent again, for the connection had ended under them: no failures. */
  readonly repeated: number;
  /** Sent again when the server asked for that: no failures either, for every Kubernetes client does so by itself. */
  readonly postponed: number;
  readonly failures: readonly Failure[];
  readonly slowestMs: number;
}

/** Asks an API server the same question at a steady rate until it is disposed, whether the last one is answered or not. */
export interface Prober extends AsyncDisposable {
  readonly kind: Kind;
  /** What has happened since this was asked last. Requests under way count with the next. */
  take(): ProbeTally;
}

/** How long a user waits for an answer before giving up. */
const PATIENCE_MS = 30_000;

const question: Sent = { method: 'GET', path: '/api/v1/namespaces/default' };

export function startProber(kind: Kind, access: Access, perSecond: number, signal: AbortSignal): Prober {
  const requester = createRequester(kind, access);
  const stop = new AbortController();
  const underWay = new Set<Promise<void>>();
  let tally = emptyTally();
  const ask = async (): Promise<void> => {
    const started = performance.now();
    const counted = tally;
    counted.requests += 1;
    try {
      const { repeated, postponed } = await sendPatiently(requester, question, signal);
      counted.repeated += repeated;
      counted.postponed += postponed;
    } catch (error) {
      counted.failures.push({ at: new Date(), text: describeError(error) });
    }
    counted.slowestMs = Math.max(counted.slowestMs, performance.now() - started);
  };
  const run = async (): Promise<void> => {
    const ended = AbortSignal.any([signal, stop.signal]);
    const ticks = setInterval(1_000 / perSecond, undefined, { signal: ended });
    for await (const _ of ticks) {
      const one = ask();
      underWay.add(one);
      void one.finally(() => underWay.delete(one));
    }
  };
  const done = run().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    kind,
    take() {
      const taken = tally;
      tally = emptyTally();
      return taken;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
      await Promise.all(underWay);
      await requester[Symbol.asyncDispose]();
    },
  };
}

interface MutableTally {
  requests: number;
  repeated: number;
  postponed: number;
  failures: Failure[];
  slowestMs: number;
}

function emptyTally(): MutableTally {
  return { requests: 0, repeated: 0, postponed: 0, failures: [], slowestMs: 0 };
}

/** A request that was answered in the end, and how often it was sent in vain before. */
export interface Sending {
  /** The connection ended under it. */
  readonly repeated: number;
  /** The server asked to come again later. */
  readonly postponed: number;
}

/** Sends a request as a Kubernetes client does; throws unless the answer is 200. */
export async function sendPatiently(requester: Requester, request: Sent, signal: AbortSignal): Promise<Sending> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  let [repeated, postponed] = [0, 0];
  for (;;) {
    try {
      const { status, body, retryAfterSeconds } = await requester.send(request, patience);
      if (status === 200) return { repeated, postponed };
      if (retryAfterSeconds === undefined) throw new Error(`${request.method} ${request.path}: ${status} ${body}`);
      postponed += 1;
      await sleep(retryAfterSeconds * 1_000, undefined, { signal: patience });
    } catch (error) {
      if (!(error instanceof ConnectionEnded)) throw error;
      repeated += 1;
    }
  }
}

/** An error and what it was caused by, in one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `: ${describeError(error.cause)}`;
  return `${error.name} ${error.message.trim()}${cause}`;
}
