import { setTimeout as sleep } from 'node:timers/promises';
import { configMaps } from '#runtime/client/builtin.ts';
import { ApiError } from '#runtime/client/errors.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import { createTransport } from '#runtime/client/transport.ts';
import { openWatch } from '#runtime/client/watch.ts';
import { describeError, sendPatiently } from './prober.ts';
import { type Access, createRequester } from './requester.ts';

/** What a watch has told, beside what was written, since the last look. */
export interface EventTally {
  readonly written: number;
  /** Numbers that were written and that the watch never told. */
  readonly lost: readonly number[];
  /** Writes that failed, and watches that the server would not continue where they had ended. */
  readonly failures: readonly string[];
  /** How often the watch was opened again where it had ended. */
  readonly reopened: number;
}

/** One ConfigMap that is given the next number several times a second, and one watch on it. */
export interface NumberedEvents extends AsyncDisposable {
  /** Waits until what was written so far has been told, or for a while, and answers what has happened since the last look. */
  take(): Promise<EventTally>;
}

const key = { namespace: 'default', name: 'numbered-events' };
const path = `/api/v1/namespaces/${key.namespace}/configmaps/${key.name}`;
const everyMs = 200;
const lateMs = 20_000;

/** Begins to write and to watch; needs the API server to answer. */
export async function startNumberedEvents(access: Access, signal: AbortSignal): Promise<NumberedEvents> {
  const transport = createTransport({ ...access, userAgent: 'numbered-events' });
  const requester = createRequester('kept alive', access);
  const client = createClient(transport);
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { number: '0' } };
  const first = await client.apply(configMaps, object, { fieldManager: 'numbered-events', signal });

  let last = 0;
  let reopened = 0;
  let written: number[] = [];
  let failures: string[] = [];
  const told = new Set<number>();

  const write = async (): Promise<void> => {
    while (!ended.aborted) {
      const number = ++last;
      const body = JSON.stringify({ data: { number: String(number) } });
      await sendPatiently(requester, { method: 'PATCH', path, body }, ended).then(
        () => written.push(number),
        (error: unknown) => ended.aborted || failures.push(`write ${number}: ${describeError(error)}`),
      );
      await sleep(everyMs, undefined, { signal: ended }).catch(() => undefined);
    }
  };

  const watch = async (): Promise<void> => {
    let resourceVersion = first.metadata?.resourceVersion ?? '';
    const follow = async (): Promise<void> => {
      const selection = { namespace: key.namespace, fieldSelector: `metadata.name=${key.name}` };
      const options = { resourceVersion, timeoutSeconds: 3_600, signal: ended };
      const { batches } = await openWatch(transport, configMaps, selection, options);
      for await (const batch of batches) {
        for (const event of batch) {
          if (event.type === 'BOOKMARK') resourceVersion = event.resourceVersion;
          else {
            resourceVersion = event.object.metadata?.resourceVersion ?? '';
            told.add(Number(event.object.data?.['number']));
          }
        }
      }
    };
    while (!ended.aborted) {
      await follow().catch((error: unknown) => {
        // A connection that ends is continued; an answer that it cannot be is a loss.
        if (error instanceof ApiError) failures.push(`watch at ${resourceVersion}: ${describeError(error)}`);
      });
      if (ended.aborted) return;
      reopened += 1;
      await sleep(50, undefined, { signal: ended }).catch(() => undefined);
    }
  };

  const done = Promise.all([write(), watch()]);
  return {
    async take() {
      const taken = { written, failures, reopened };
      [written, failures, reopened] = [[], [], 0];
      const lost = () => taken.written.filter((number) => !told.has(number));
      const deadline = performance.now() + lateMs;
      while (lost().length > 0 && performance.now() < deadline) await sleep(100, undefined, { signal });
      return { written: taken.written.length, lost: lost(), failures: taken.failures, reopened: taken.reopened };
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
      await requester[Symbol.asyncDispose]();
      await transport.close();
    },
  };
}
