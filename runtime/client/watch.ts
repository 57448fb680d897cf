import type { Readable } from 'node:stream';
import { NetworkError, apiErrorFromStatus, networkErrorFrom } from './errors.ts';
import { metadataAccept, parseJson, withTypeMeta } from './list-page.ts';
import type { Selection } from './list-page.ts';
import { collectionPath } from './path.ts';
import type { KubeObject, Resource } from './resource.ts';
import type { Transport } from './transport.ts';

/** One event of a watch. A bookmark carries a resourceVersion and no object (Kubernetes: watch bookmarks). */
export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface WatchOptions {
  readonly resourceVersion: string;
  /** The server ends the watch after this long. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** An open watch. */
export interface Watch<T> {
  /**
   * The events, in the batches they arrived in. Ends when the server ends the watch; throws ApiError for an ERROR event
   * and NetworkError when the connection breaks or a line is cut off.
   */
  readonly batches: AsyncIterable<readonly WatchEvent<T>[]>;
  /** Ends it from this side; the iteration throws `reason`. */
  abort(reason: Error): void;
}

/** Opens a watch and resolves when the server has accepted it. Throws as `Transport.request` does. */
export async function openWatch<T extends KubeObject>(
  transport: Transport,
  resource: Resource<T>,
  selection: Selection,
  options: WatchOptions,
): Promise<Watch<T>> {
  const path = collectionPath(resource, selection.namespace, {
    labelSelector: selection.labelSelector,
    fieldSelector: selection.fieldSelector,
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: options.resourceVersion,
    timeoutSeconds: options.timeoutSeconds,
  });
  const stream = await transport.stream({
    method: 'GET',
    path,
    ...(selection.metadataOnly === true ? { accept: metadataAccept('PartialObjectMetadata') } : {}),
    signal: options.signal,
  });
  return {
    batches: readBatches(stream, resource),
    abort: (reason) => {
      stream.destroy(reason);
    },
  };
}

async function* readBatches<T extends KubeObject>(
  stream: Readable,
  resource: Resource<T>,
): AsyncGenerator<readonly WatchEvent<T>[]> {
  const name = `watch ${resource.plural}`;
  const lines = lineSplitter();
  let isRefused = false;
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      const batch: WatchEvent<T>[] = [];
      for (const line of lines.push(chunk as Buffer)) {
        const event = parseJson(line, name) as WireEvent<T>;
        if (event.type === 'ERROR') {
          // What came before the error is still true.
          if (batch.length > 0) yield batch;
          isRefused = true;
          throw apiErrorFromStatus(name, event.object);
        }
        batch.push(typedEvent(resource, event));
      }
      yield batch;
    }
  } catch (error) {
    throw networkErrorFrom(name, error);
  } finally {
    // The server ends an answer with its error. Read to that end, the connection serves the next watch without a handshake.
    if (isRefused) stream.on('data', () => stream.destroy());
    else stream.destroy();
  }
  if (lines.pending()) throw new NetworkError('INVALID_RESPONSE', `${name}: the stream ended inside an event`);
}

type WireEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: T }
  | { readonly type: 'ERROR'; readonly object: unknown };

function typedEvent<T extends KubeObject>(
  resource: Resource<T>,
  event: Exclude<WireEvent<T>, { type: 'ERROR' }>,
): WatchEvent<T> {
  if (event.type === 'BOOKMARK') {
    return { type: 'BOOKMARK', resourceVersion: event.object.metadata?.resourceVersion ?? '' };
  }
  return { type: event.type, object: withTypeMeta(resource, event.object) };
}

interface LineSplitter {
  /** The lines completed by this chunk. */
  push(chunk: Buffer): readonly string[];
  /** Whether an unfinished line is held. */
  pending(): boolean;
}

// node:readline also splits at a lone \r, U+2028 and U+2029, which JSON allows inside strings.
function lineSplitter(): LineSplitter {
  const newline = 0x0a;
  let rest: Buffer[] = [];
  return {
    push(chunk) {
      const lines: string[] = [];
      let start = 0;
      for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
        const part = chunk.subarray(start, end);
        const line = rest.length === 0 ? part : Buffer.concat([...rest, part]);
        rest = [];
        if (line.length > 0) lines.push(line.toString('utf8'));
        start = end + 1;
      }
      if (start < chunk.length) rest.push(chunk.subarray(start));
      return lines;
    },
    pending: () => rest.length > 0,
  };
}
