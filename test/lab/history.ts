import { createClient } from '#runtime/client/kube-client.ts';
import { loadKubeConfig } from '#runtime/client/kubeconfig.ts';
import type { Selection } from '#runtime/client/list-page.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { createTransport, type Transport } from '#runtime/client/transport.ts';
import { openWatch } from '#runtime/client/watch.ts';

/** One state of one object. */
export interface Version<T> {
  readonly type: 'PRESENT' | 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
  /** When it was told, by this machine's clock. */
  readonly at: Date;
}

/** Every state of every object of a kind, from when the history began until it is disposed. */
export interface History<T> extends AsyncDisposable {
  /** What was there at the beginning and what has come since, in the order it was told. Throws when the watch broke. */
  versions(): readonly Version<T>[];
}

/** Longer than any suite looks on: the server must not end a watch in between. */
const watchSeconds = 3_600;

/** Resolves when no change from now on can be missed. */
export async function recordHistory<T extends KubeObject>(
  transport: Transport,
  resource: Resource<T>,
  selection: Pick<Selection, 'namespace' | 'labelSelector'>,
  signal: AbortSignal,
): Promise<History<T>> {
  const { namespace, labelSelector } = selection;
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const list = await createClient(transport).list(resource, {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    signal: ended,
  });
  const { resourceVersion } = list;
  const versions: Version<T>[] = list.items.map((object) => ({ type: 'PRESENT', object, at: new Date() }));
  const watch = await openWatch(transport, resource, selection, {
    resourceVersion,
    timeoutSeconds: watchSeconds,
    signal: ended,
  });
  let failure: unknown;
  const follow = async (): Promise<void> => {
    for await (const batch of watch.batches) {
      for (const event of batch) {
        if (event.type !== 'BOOKMARK') versions.push({ type: event.type, object: event.object, at: new Date() });
      }
    }
    throw new Error(`the watch on ${resource.plural} ended`);
  };
  const done = follow().catch((error: unknown) => {
    if (!stop.signal.aborted) failure = error;
  });
  return {
    versions() {
      if (failure !== undefined) throw new Error(`no complete history of ${resource.plural}`, { cause: failure });
      return versions;
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('enough was seen'));
      await done;
    },
  };
}

/** Connections to the API server that a kubeconfig names. */
export async function connect(kubeconfig: string): Promise<Transport> {
  const clock = { monotonic: () => performance.now() };
  const { transport } = await loadKubeConfig({ path: kubeconfig, clock });
  return createTransport({ ...transport, userAgent: 'e2e' });
}
