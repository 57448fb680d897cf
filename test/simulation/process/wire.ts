import { Readable } from 'node:stream';
import type { EtcdCalls } from '#datastore/etcd/channel.ts';
import { ApiError, NetworkError } from '#runtime/client/errors.ts';
import type { Transport, TransportOptions, TransportRequest } from '#runtime/client/transport.ts';
import type { Clock } from '#runtime/clock.ts';
import { abortReason } from '#runtime/clock.ts';
import type { Lifeline } from './lifeline.ts';
import type { RequestInfo } from './request-info.ts';
import { requestInfoOf } from './request-info.ts';

/** Over which connection of a process a call goes: `work` is what passes ask of the management API, in the leader only. */
export type Line = 'work' | 'admission' | 'cache' | 'lease' | 'events' | 'tenant' | 'datastore';

/** One call of a process to something outside of it. */
export interface Call {
  readonly line: Line;
  /** What is called; holds nothing random, so that it is the same in every run of a scenario. */
  readonly key: string;
  readonly writes: boolean;
}

/** What becomes of a call. */
export type Fate =
  | { readonly kind: 'answered' }
  /** The process dies right before the call is sent, or right after it had its effect. */
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' }
  /** It fails without effect, or after it had its effect. */
  | { readonly kind: 'fails'; readonly when: 'before' | 'after'; readonly error: Error }
  /** It arrives, or its answer does, so much later. */
  | { readonly kind: 'slow'; readonly when: 'before' | 'after'; readonly ms: number };

/** One process's end of all its connections. */
export interface WireOptions {
  readonly lifeline: Lifeline;
  readonly clock: Clock;
  readonly decide: (call: Call) => Fate;
  /** Told of every request to the management API that was sent, with the status of its answer. */
  readonly requested: (info: RequestInfo, status: number) => void;
}

export class Wire {
  readonly #options: WireOptions;
  readonly #streams = new Set<Readable>();

  constructor(options: WireOptions) {
    this.#options = options;
    // The kernel closes the sockets of a dead process, and the other side ends its watches.
    options.lifeline.onDeath(() => {
      for (const stream of this.#streams) stream.destroy();
    });
  }

  /** Watches that are open. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** Cuts every open watch, as a balancer in between does. */
  cutStreams(): void {
    for (const stream of this.#streams) {
      stream.destroy(new NetworkError('CONNECTION_RESET', 'the watch was cut off'));
    }
  }

  /** A transport of this process over one that always works. */
  transport(inner: Transport, line: Line, options: Pick<TransportOptions, 'beforeSend' | 'timeoutMs'> = {}): Transport {
    let isClosed = false;
    const run = <T extends { readonly status: number }>(
      request: TransportRequest,
      send: () => Promise<T>,
    ): Promise<T> => {
      const info = requestInfoOf(request);
      const call = { line, key: keyOf(request, info), writes: request.method !== 'GET' };
      return this.#run(call, request.signal, request.timeoutMs ?? options.timeoutMs ?? 30_000, () => {
        if (isClosed) throw new NetworkError('NETWORK_ERROR', `${call.key}: the transport is closed`);
        try {
          options.beforeSend?.(request.method);
        } catch (cause) {
          throw new NetworkError('NOT_SENT', `${request.method} not sent`, { cause });
        }
        return this.#counted(line, info, send());
      });
    };
    return {
      request: (request) => run(request, () => inner.request(request)),
      stream: async (request) => {
        const { stream } = await run(request, async () => ({ status: 200, stream: await inner.stream(request) }));
        return this.#tap(stream, request.signal);
      },
      close: async () => {
        isClosed = true;
        for (const stream of this.#streams) if (line === 'cache') stream.destroy();
        await inner.close();
      },
    };
  }

  /** As `transport`, for an etcd. */
  channel(inner: EtcdCalls, beforeWrite: () => void): EtcdCalls {
    const call: EtcdCalls['call'] = (method, request, signal) => {
      const [, verb = ''] = /\/([^/]+)$/u.exec(method.path) ?? [];
      const what = { line: 'datastore', key: `etcd ${verb}`, writes: method.writes } as const;
      return this.#run(what, signal, 15_000, () => {
        if (method.writes) beforeWrite();
        return inner.call(method, request, signal);
      });
    };
    return {
      call,
      // Every etcd here has one endpoint.
      callEach: async (method, request, signal) => [await call(method, request, signal)],
      close: () => inner.close(),
    };
  }

  #run<T>(call: Call, signal: AbortSignal | undefined, timeoutMs: number, send: () => Promise<T>): Promise<T> {
    const { lifeline } = this.#options;
    if (lifeline.isDead) return new Promise(() => {});
    return lifeline.through(this.#carryOut(call, signal, timeoutMs, send));
  }

  async #carryOut<T>(
    call: Call,
    signal: AbortSignal | undefined,
    timeoutMs: number,
    send: () => Promise<T>,
  ): Promise<T> {
    if (signal?.aborted === true) throw abortReason(signal);
    const { lifeline, decide } = this.#options;
    const fate = decide(call);
    if (fate.kind === 'answered') return send();
    if (fate.kind === 'slow') return this.#slowly(call, fate, { signal, timeoutMs }, send);
    if (fate.when === 'after') await Promise.allSettled([send()]);
    if (fate.kind === 'fails') throw fate.error;
    lifeline.kill();
    return new Promise(() => {});
  }

  async #slowly<T>(
    { key }: Call,
    { when, ms }: Extract<Fate, { kind: 'slow' }>,
    { signal = new AbortController().signal, timeoutMs }: { signal: AbortSignal | undefined; timeoutMs: number },
    send: () => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#options;
    const wait = async (): Promise<void> => {
      await clock.sleep(Math.min(ms, timeoutMs), signal);
      if (ms >= timeoutMs) throw new NetworkError('TIMEOUT', `${key}: no answer in ${timeoutMs} ms`);
    };
    if (when === 'before') {
      await wait();
      return send();
    }
    const [outcome] = await Promise.allSettled([send()]);
    await wait();
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }

  async #counted<T extends { readonly status: number }>(line: Line, info: RequestInfo, sent: Promise<T>): Promise<T> {
    const { requested } = this.#options;
    const counts = line !== 'tenant';
    try {
      const answer = await sent;
      if (counts) requested(info, answer.status);
      return answer;
    } catch (error) {
      if (counts && error instanceof ApiError) requested(info, error.status);
      throw error;
    }
  }

  #tap(source: Readable, signal: AbortSignal | undefined): Readable {
    const { lifeline } = this.#options;
    const tapped = new Readable({
      read() {},
      destroy(error, done) {
        source.destroy();
        done(error);
      },
    });
    this.#streams.add(tapped);
    tapped.once('close', () => this.#streams.delete(tapped));
    tapped.on('error', () => {});
    source.on('data', (chunk: unknown) => lifeline.deliver(() => tapped.push(chunk)));
    source.once('end', () => lifeline.deliver(() => tapped.push(null)));
    source.once('error', (error) => lifeline.deliver(() => tapped.destroy(error)));
    const onAbort = (): void => {
      tapped.destroy(signal === undefined ? undefined : abortReason(signal));
    };
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    tapped.once('close', () => signal?.removeEventListener('abort', onAbort));
    return tapped;
  }
}

const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gu;

function keyOf(request: TransportRequest, { verb, resource, path, isApply }: RequestInfo): string {
  // Events have random names.
  if (resource === 'events') return `${verb} an Event`;
  const created = verb === 'create' ? `/${nameIn(request.body)}` : '';
  const where = `${path}${created}`
    .replaceAll(UID, '<uid>')
    .replaceAll(/bootstrap-token-\w+/gu, 'bootstrap-token-<id>');
  return `${isApply ? 'apply' : verb} ${where}`;
}

function nameIn(body: string | undefined): string {
  const object: unknown = JSON.parse(body ?? '{}');
  const { metadata } = object as { metadata?: { name?: string } };
  return metadata?.name ?? '';
}
