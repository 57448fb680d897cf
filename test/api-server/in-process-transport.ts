import { Readable } from 'node:stream';
import { NetworkError, apiErrorFromResponse, networkErrorFrom } from '#runtime/client/errors.ts';
import type { Method, Transport, TransportRequest, TransportResponse } from '#runtime/client/transport.ts';
import { abortReason } from '#runtime/clock.ts';
import type { Clock } from '#runtime/clock.ts';
import type { Answer, Delivery } from './exchange.ts';
import type { WireRequest } from './request.ts';
import type { StreamSink, WatchStream } from './watch-stream.ts';

export interface InProcessOptions {
  /** Who the requests come from. Default `system:admin`. */
  readonly user?: string;
  /** Default `node`, as that of the real transport. */
  readonly userAgent?: string;
  /** Milliseconds on the clock from call to effect; asked for each request. Default: none. */
  readonly latencyMs?: (request: TransportRequest) => number;
  /** Milliseconds on the clock that each event of a watch is under way; events keep their order. Default: none. */
  readonly watchLatencyMs?: () => number;
  /** Time for one request on the clock. Default 30 000. */
  readonly timeoutMs?: number;
  /** As that of the real transport: a throw stops the request before it is sent. */
  readonly beforeSend?: (method: Method) => void;
}

/** What the transport asks of the server. */
export interface Peer {
  readonly clock: Clock;
  exchange(request: WireRequest): Delivery;
}

/** The Transport without sockets: everything that needs no time happens in microtasks, so that runs repeat exactly. */
export function createInProcessTransport(peer: Peer, options: InProcessOptions): Transport {
  const { clock } = peer;
  const streams = new Set<Readable>();

  const send = async (request: TransportRequest, deadline: Deadline): Promise<Delivery> => {
    const latencyMs = options.latencyMs?.(request) ?? 0;
    // Even without latency the effect comes after the call has returned.
    await (latencyMs > 0 ? deadline.sleep(latencyMs) : Promise.resolve());
    deadline.check();
    try {
      options.beforeSend?.(request.method);
    } catch (cause) {
      throw new NetworkError('NOT_SENT', `${request.method} not sent`, { cause });
    }
    return peer.exchange({
      method: request.method,
      path: request.path,
      user: options.user ?? 'system:admin',
      userAgent: options.userAgent ?? 'node',
      accept: request.accept ?? 'application/json',
      contentType: request.contentType ?? 'application/json',
      body: request.body,
    });
  };

  const answered = async (request: TransportRequest, delivery: Delivery, deadline: Deadline): Promise<Answer> => {
    switch (delivery.kind) {
      case 'answer':
        return delivery.answer;
      case 'slow':
        await deadline.sleep(delivery.chunks * delivery.everyMs);
        return delivery.answer;
      case 'silence':
        return deadline.never();
      case 'reset':
        throw broken(request, 'ECONNRESET', 'read ECONNRESET');
      case 'refuse':
        throw broken(request, 'ECONNREFUSED', 'connect ECONNREFUSED');
      case 'cut':
        throw broken(request, 'UND_ERR_SOCKET', 'other side closed');
      case 'watch':
        throw new TypeError('a watch needs Transport.stream');
    }
  };

  return {
    async request(request) {
      const deadline = deadlineOf(clock, request, options.timeoutMs);
      const answer = await answered(request, await send(request, deadline), deadline);
      return successful(request, answer);
    },
    async stream(request) {
      const deadline = deadlineOf(clock, request, options.timeoutMs);
      const delivery = await send(request, deadline);
      if (delivery.kind !== 'watch') {
        return Readable.from([Buffer.from(successful(request, await answered(request, delivery, deadline)).body)]);
      }
      const stream = readable(delivery.stream, clock, options.watchLatencyMs);
      streams.add(stream);
      stream.once('close', () => streams.delete(stream));
      destroyOnAbort(stream, request.signal);
      return stream;
    },
    async close() {
      for (const stream of streams) stream.destroy();
    },
  };
}

function successful(request: TransportRequest, { code, contentType, body, retryAfter }: Answer): TransportResponse {
  if (code >= 200 && code <= 299) return { status: code, headers: { 'content-type': contentType }, body };
  throw apiErrorFromResponse(nameOf(request), code, body, retryAfter === undefined ? undefined : String(retryAfter));
}

function readable(watch: WatchStream, clock: Clock, latencyMs: (() => number) | undefined): Readable {
  const stream = new Readable({
    read: () => {},
    destroy: (error, done) => {
      watch.abandoned();
      done(error);
    },
  });
  // A reader that comes later still gets the error; this only keeps it from being an uncaught event until then.
  stream.on('error', () => {});
  const sink: StreamSink = {
    write: (text) => void (stream.destroyed || stream.push(Buffer.from(text))),
    end: () => void (stream.destroyed || stream.push(null)),
    reset: () => void stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })),
  };
  watch.start(latencyMs === undefined ? sink : delayed(sink, clock, latencyMs));
  return stream;
}

/** The sink at the end of a long line: everything arrives late, and in order. */
function delayed(sink: StreamSink, clock: Clock, latencyMs: () => number): StreamSink {
  let free = clock.monotonic();
  const later = (deliver: () => void): void => {
    free = Math.max(free, clock.monotonic() + Math.max(0, latencyMs()));
    clock.setTimeout(deliver, free - clock.monotonic());
  };
  return {
    write: (text) => later(() => sink.write(text)),
    end: () => later(() => sink.end()),
    reset: () => later(() => sink.reset()),
  };
}

interface Deadline {
  /** Throws when the time is over or the caller has given up. */
  check(): void;
  /** Resolves after `ms`; rejects when the time is over or the caller gives up before. */
  sleep(ms: number): Promise<void>;
  never(): Promise<never>;
}

function deadlineOf(clock: Clock, request: TransportRequest, defaultMs = 30_000): Deadline {
  const { signal = new AbortController().signal } = request;
  const timeoutMs = request.timeoutMs ?? defaultMs;
  const end = clock.monotonic() + timeoutMs;
  const check = (): void => {
    if (signal.aborted) throw abortReason(signal);
    if (clock.monotonic() >= end) throw new NetworkError('TIMEOUT', `${nameOf(request)}: no answer in ${timeoutMs} ms`);
  };
  const sleep = async (ms: number): Promise<void> => {
    await clock.sleep(Math.min(ms, end - clock.monotonic()), signal);
    if (ms === Infinity) check();
  };
  check();
  return {
    check,
    sleep: async (ms) => {
      await sleep(ms);
      check();
    },
    never: async () => {
      await sleep(Infinity);
      throw new TypeError('the end of time');
    },
  };
}

function destroyOnAbort(stream: Readable, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  const onAbort = (): void => void stream.destroy(abortReason(signal));
  if (signal.aborted) onAbort();
  else {
    signal.addEventListener('abort', onAbort, { once: true });
    stream.once('close', () => signal.removeEventListener('abort', onAbort));
  }
}

function broken(request: TransportRequest, code: string, message: string): Error {
  return networkErrorFrom(nameOf(request), Object.assign(new Error(message), { code }));
}

function nameOf({ method, path }: TransportRequest): string {
  const mark = path.indexOf('?');
  return `${method} ${mark === -1 ? path : path.slice(0, mark)}`;
}
