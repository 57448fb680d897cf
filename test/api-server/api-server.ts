import type { RequestListener } from 'node:http';
import type { KubeObject } from '#runtime/client/resource.ts';
import type { Transport } from '#runtime/client/transport.ts';
import type { Clock } from '#runtime/clock.ts';
import type { RequestRecord } from './audit.ts';
import { recordOf } from './audit.ts';
import type { Core } from './core.ts';
import { installCrds, serveCustomResources } from './custom-resources.ts';
import { hasEffect, json, struck } from './exchange.ts';
import type { Answer, Delivery } from './exchange.ts';
import { FaultScript, isStreamFault } from './faults.ts';
import type { Faults } from './faults.ts';
import { collectGarbage } from './garbage-collection.ts';
import { handle } from './handler.ts';
import { listen, requestListener } from './http-listener.ts';
import type { ListeningServer } from './http-listener.ts';
import { createInProcessTransport } from './in-process-transport.ts';
import type { InProcessOptions } from './in-process-transport.ts';
import { Registry } from './registry.ts';
import { requestInfo } from './request.ts';
import type { RequestInfo, WireRequest } from './request.ts';
import { Refusal } from './status.ts';
import { Store } from './store.ts';
import { Watches } from './watches.ts';
import { create } from './writes.ts';

export interface ApiServerOptions {
  readonly clock: Clock;
  /** Source of names and UIDs, uniform in [0, 1). Default Math.random. */
  readonly random?: () => number;
  /** CustomResourceDefinitions that are there from the start. */
  readonly crds?: readonly object[];
  /** Namespaces that are there from the start, besides those of every cluster. */
  readonly namespaces?: readonly string[];
  /** Changes that are kept for watches and pages; a resourceVersion from before is 410. Default 10 000. */
  readonly historyLimit?: number;
  /** The resourceVersion before the first write, to try out long ones. Default 0. */
  readonly firstRevision?: string;
  /** Default 60 000. */
  readonly bookmarkIntervalMs?: number;
  /** Collects garbage by itself that often, on the clock. Default: only when asked. */
  readonly garbageCollectionIntervalMs?: number;
}

/** A Kubernetes API server in this process: no authentication, no authorisation, no CEL, no webhooks. */
export interface ApiServer {
  /** A client's way to it without sockets; throws what the real transport throws. */
  transport(options?: InProcessOptions): Transport;
  /** Answers requests of somebody else's HTTP server, over the same objects. */
  readonly answer: RequestListener;
  /** Serves real HTTP on a loopback port too, over the same objects. */
  listen(): Promise<ListeningServer>;
  /** Every request so far, in order. */
  readonly requests: readonly RequestRecord[];
  /** Copies of everything that is stored, in order of group, plural, namespace and name. */
  snapshot(): readonly KubeObject[];
  /** The newest resourceVersion. */
  readonly revision: string;
  readonly faults: Faults;
  /** Forgets all history: watches from older resourceVersions, and next pages, are 410 from now on. */
  compact(): void;
  /**
   * Does what the garbage collector and the namespace controller do, until there is nothing left to do; answers the
   * number of writes.
   */
  collectGarbage(): number;
  /** Ends all watches and listeners; requests are refused from now on. */
  close(): Promise<void>;
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { clock, random = Math.random, historyLimit = 10_000 } = options;
  const core: Core = {
    store: new Store({ revision: BigInt(options.firstRevision ?? '0'), historyLimit }),
    registry: new Registry(),
    random,
    next: { address: 0, nodePort: 0 },
    now: () => secondsText(clock.now()),
  };
  const afterRequest = serveCustomResources(core);
  const watches = new Watches(core, clock, options.bookmarkIntervalMs ?? 60_000);
  const faults = new FaultScript(() => watches.open);
  const requests: RequestRecord[] = [];
  const listeners: ListeningServer[] = [];
  let cancelCollection = (): void => {};
  let closed = false;

  const perform = (info: RequestInfo, request: WireRequest): Answer | Extract<Delivery, { kind: 'watch' }> => {
    try {
      if (info.verb === 'watch') return watches.prepare(info, request);
      return handle(core, info, request);
    } catch (error) {
      return refused(error);
    }
  };

  const exchange = (request: WireRequest): Delivery => {
    if (closed) return { kind: 'refuse' };
    let info: RequestInfo;
    try {
      info = requestInfo(request);
    } catch (error) {
      return { kind: 'answer', answer: refused(error) };
    }
    const fault = faults.take(info);
    const revision = core.store.revision;
    const isRequestFault = fault !== undefined && !isStreamFault(fault);
    const result = isRequestFault && !hasEffect(fault) ? undefined : perform(info, request);
    const delivery = deliveryOf(result, fault);
    afterRequest();
    requests.push(recordOf(info, request, clock.now(), delivery, core.store.revision !== revision, fault?.kind));
    return delivery;
  };

  let collectedAt = -1n;
  const collect = (): number => {
    const writes = core.store.revision === collectedAt ? 0 : collectGarbage(core);
    collectedAt = core.store.revision;
    return writes;
  };
  const collectLater = (intervalMs: number): void => {
    cancelCollection = clock.setTimeout(() => {
      collect();
      collectLater(intervalMs);
    }, intervalMs);
  };

  for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system', ...(options.namespaces ?? [])]) {
    const kind = core.registry.findKind('v1', 'Namespace');
    if (kind !== undefined) create(core, { kind, namespace: '' }, { metadata: { name } }, setUp);
  }
  installCrds(core, options.crds ?? []);
  afterRequest();
  if (options.garbageCollectionIntervalMs !== undefined) collectLater(options.garbageCollectionIntervalMs);

  const peer = { clock, exchange };
  const answer = requestListener(peer);
  return {
    transport: (transportOptions = {}) => createInProcessTransport(peer, transportOptions),
    answer,
    async listen() {
      const listener = await listen(answer);
      listeners.push(listener);
      return listener;
    },
    requests,
    snapshot: () =>
      core.store.collections().flatMap((collection) => core.store.list(collection).map((one) => structuredClone(one))),
    get revision() {
      return String(core.store.revision);
    },
    faults,
    compact: () => core.store.compact(),
    collectGarbage: collect,
    async close() {
      closed = true;
      cancelCollection();
      watches.endAll();
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}

const setUp = { manager: 'kube-apiserver', dryRun: false };

let lastSecond = Number.NaN;
let lastText = '';

function secondsText(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second === lastSecond) return lastText;
  lastSecond = second;
  lastText = `${new Date(ms).toISOString().slice(0, 19)}Z`;
  return lastText;
}

function deliveryOf(
  result: Answer | Extract<Delivery, { kind: 'watch' }> | undefined,
  fault: ReturnType<FaultScript['take']>,
): Delivery {
  const isWatch = result !== undefined && 'stream' in result;
  if (fault !== undefined && !isStreamFault(fault)) return struck(fault, isWatch ? undefined : result);
  if (result === undefined) return { kind: 'silence' };
  if (!isWatch) return { kind: 'answer', answer: result };
  if (fault !== undefined) result.stream.fault(fault);
  return result;
}

function refused(error: unknown): Answer {
  if (!(error instanceof Refusal)) throw error;
  const { status } = error;
  const retryAfter = status.details?.retryAfterSeconds;
  return { ...json(status.code, JSON.stringify(status)), ...(retryAfter === undefined ? {} : { retryAfter }) };
}
