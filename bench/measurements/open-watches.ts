import { subscribe } from 'node:diagnostics_channel';

/** What undici, under whichever client, does in this process, as far as watches go. */
export interface ObservedWatches {
  /** Watches that the server has accepted and that have not ended. */
  open(): number;
  /** Connections made so far; with TLS, handshakes. */
  connections(): number;
  requests(): number;
  /** From now on, notes when `count` watches are open, having been fewer once. */
  awaitOpen(count: number): void;
  /** Milliseconds since the epoch; undefined until then. */
  allOpenAt(): number | undefined;
}

/** Begins to observe (undici: diagnostics channel support). */
export function observeWatches(): ObservedWatches {
  const open = new Set<object>();
  let connections = 0;
  let requests = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let wereFewer = false;
  let allOpenAt: number | undefined;
  const changed = (): void => {
    wereFewer ||= open.size < wanted;
    if (wereFewer && open.size >= wanted) allOpenAt ??= Date.now();
  };
  const ended = ({ request }: RequestMessage): void => {
    if (open.delete(request)) changed();
  };
  on('undici:client:connected', () => {
    connections += 1;
  });
  on('undici:request:create', () => {
    requests += 1;
  });
  on('undici:request:headers', ({ request, response }) => {
    if (response?.statusCode !== 200 || !request.path.includes('watch=true')) return;
    open.add(request);
    changed();
  });
  on('undici:request:trailers', ended);
  on('undici:request:error', ended);
  return {
    open: () => open.size,
    connections: () => connections,
    requests: () => requests,
    awaitOpen: (count) => {
      wanted = count;
      wereFewer = false;
      allOpenAt = undefined;
    },
    allOpenAt: () => allOpenAt,
  };
}

/** The part of undici's messages that is read here. */
interface RequestMessage {
  readonly request: { readonly path: string };
  readonly response?: { readonly statusCode: number };
}

function on(channel: string, listener: (message: RequestMessage) => void): void {
  subscribe(channel, (message) => listener(message as RequestMessage));
}
