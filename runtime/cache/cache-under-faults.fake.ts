import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { createLogger } from 'winston';
import { createApiServer } from '#test/api-server/api-server.ts';
import type { ApiServer } from '#test/api-server/api-server.ts';
import type { RequestFault, StreamFault } from '#test/api-server/fault.ts';
import { configMaps } from '../client/builtin.ts';
import type { ConfigMap } from '../client/builtin.ts';
import type { Client } from '../client/client.ts';
import { createClient } from '../client/kube-client.ts';
import { createTransport } from '../client/transport.ts';
import type { Transport } from '../client/transport.ts';
import { FakeClock } from '../clock.fake.ts';
import { createCache } from './cache.ts';
import type { Informer, InformerOptions } from './informer.ts';
import type { CacheMetrics } from './metrics.ts';
import { Mirror } from './mirror.fake.ts';

/** How the cache reaches the server. */
export type FrontEnd = 'HTTP' | 'in process';

/** One thing that happens. */
export type Step =
  | Write
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'list fault'; readonly fault: RequestFault; readonly continuing: boolean }
  | { readonly kind: 'watch fault'; readonly fault: RequestFault }
  | { readonly kind: 'stream fault'; readonly fault: StreamFault; readonly at: 'now' | 'next' }
  | { readonly kind: 'compact' }
  /** A handler comes late. */
  | { readonly kind: 'subscribe' };

interface Write {
  readonly kind: 'write';
  readonly name: string;
  /** `label` takes the object into a selection or out of it; `replace` deletes it and makes another of its name. */
  readonly what: 'create' | 'update' | 'label' | 'delete' | 'replace';
}

interface Script {
  /** What is there before the cache starts. */
  readonly early: readonly Write[];
  readonly seed: number;
  readonly firstRevision: string;
}

interface Copy {
  readonly informer: Informer<ConfigMap>;
  readonly options: InformerOptions<ConfigMap>;
  readonly mirrors: Mirror<ConfigMap>[];
}

const namespace = 'default';
const user = 'cache';

/** A cache of several selections over a server that things go wrong with. */
export class CacheUnderFaults implements AsyncDisposable {
  readonly #clock: FakeClock;
  readonly #server: ApiServer;
  readonly #transport: Transport;
  readonly #writer: Client;
  readonly #isRemote: boolean;
  readonly #copies: readonly Copy[];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #reported = { lists: 0, failures: 0 };
  #trouble = false;
  #serial = 0;

  static async start(frontEnd: FrontEnd, script: Script): Promise<CacheUnderFaults> {
    const clock = new FakeClock();
    const server = createApiServer({ clock, random: randomOf(script.seed), firstRevision: script.firstRevision });
    const transport =
      frontEnd === 'HTTP'
        ? createTransport({ server: (await server.listen()).url, clock, bearerToken: () => Promise.resolve(user) })
        : server.transport({ user });
    const self = new CacheUnderFaults({ clock, server, transport, isRemote: frontEnd === 'HTTP', seed: script.seed });
    for (const write of script.early) await self.#write(write);
    await self.#settle();
    return self;
  }

  private constructor(parts: {
    readonly clock: FakeClock;
    readonly server: ApiServer;
    readonly transport: Transport;
    readonly isRemote: boolean;
    readonly seed: number;
  }) {
    const { clock, server, transport, isRemote, seed } = parts;
    this.#clock = clock;
    this.#server = server;
    this.#transport = transport;
    this.#isRemote = isRemote;
    this.#writer = createClient(server.transport({ user: 'writer' }));
    const log = createLogger({ silent: true });
    const cache = createCache({
      transport,
      clock,
      random: randomOf(seed + 1),
      log,
      metrics: this.#metrics(),
      pageSize: 2,
    });
    const selections: InformerOptions<ConfigMap>[] = [
      {},
      { labelSelector: 'app=x' },
      { namespace, metadataOnly: true },
    ];
    this.#copies = selections.map((options) => {
      const informer = cache.informer(configMaps, options);
      return { informer, options, mirrors: [new Mirror(informer)] };
    });
    this.#running = cache.start(this.#stop.signal);
  }

  async take(step: Step): Promise<void> {
    const { faults } = this.#server;
    switch (step.kind) {
      case 'write':
        await this.#write(step);
        break;
      case 'time':
        await this.#advance(step.ms);
        break;
      case 'list fault':
        faults.next(step.fault, { user, verb: 'list', continuing: step.continuing });
        break;
      case 'watch fault':
        faults.next(step.fault, { user, verb: 'watch' });
        break;
      case 'stream fault':
        this.#trouble = true;
        if (step.at === 'now') faults.now(step.fault, { user });
        else faults.next(step.fault, { user });
        break;
      case 'compact':
        this.#trouble = true;
        this.#server.compact();
        break;
      case 'subscribe':
        for (const { informer, mirrors } of this.#copies) mirrors.push(new Mirror(informer));
    }
    await this.#settle();
  }

  /** Nothing goes wrong any more, and enough time passes for the cache to notice what did. */
  async comeToRest(): Promise<void> {
    this.#server.faults.clear();
    // A silent watch is given up after three minutes; a request without answer, and the longest delay, cost less.
    for (let minute = 0; minute < 12; minute++) {
      await this.#settle();
      await this.#advance(30_000);
    }
    await this.#settle();
  }

  /** Throws unless every copy is the store, and what went wrong was reported. */
  check(): void {
    for (const { informer, options, mirrors } of this.#copies) {
      const stored = this.#stored(options);
      assert.deepEqual(sorted(informer.list()), stored, `the cache of ${JSON.stringify(options)}`);
      for (const mirror of mirrors) {
        if (mirror.broken !== undefined) throw mirror.broken;
        assert.deepEqual(sorted(mirror.objects()), stored, `what a handler of ${JSON.stringify(options)} knows`);
      }
    }
    const listeners = getEventListeners(this.#stop.signal, 'abort').length;
    assert.ok(listeners <= this.#copies.length, 'a watch that is over still waits for the end');
    const faults = this.#server.requests.filter((request) => request.user === user && failing.has(request.fault ?? ''));
    assert.ok(this.#reported.failures >= faults.length, `${faults.length} faults, ${this.#reported.failures} reported`);
    if (faults.length === 0 && !this.#trouble) {
      assert.deepEqual(
        this.#reported,
        { lists: this.#copies.length, failures: 0 },
        'without trouble one list is enough',
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('over'));
    await this.#running;
    await this.#transport.close();
    await this.#server.close();
    assert.deepEqual(this.#clock.pending(), [], 'timers left behind');
  }

  async #write({ name, what }: Write): Promise<void> {
    const key = { namespace, name };
    const present = await this.#writer.get(configMaps, key);
    const data = { value: String(++this.#serial) };
    const labels = { app: this.#serial % 2 === 0 ? 'x' : 'y' };
    if (what === 'delete' || what === 'replace') await this.#writer.delete(configMaps, key);
    const isThere = present !== undefined && what !== 'replace';
    if (what === 'delete') return;
    if (!isThere) await this.#writer.create(configMaps, { metadata: { ...key, labels }, data });
    else if (what === 'label') await this.#writer.mergePatch(configMaps, key, { metadata: { labels } });
    else if (what === 'update') await this.#writer.mergePatch(configMaps, key, { data });
  }

  /** Lets time pass from timer to timer, so that none overtakes what is under way on a socket. */
  async #advance(ms: number): Promise<void> {
    const end = this.#clock.monotonic() + ms;
    for (let left = ms; left > 0; left = end - this.#clock.monotonic()) {
      await this.#clock.advance(Math.min(left, this.#clock.pending()[0] ?? left));
      await this.#settle();
    }
  }

  /** Waits until nothing is under way that needs no time on the clock. */
  async #settle(): Promise<void> {
    if (!this.#isRemote) {
      for (let turn = 0; turn < 20; turn++) await this.#clock.advance(0);
      return;
    }
    // Bytes on real sockets: quiet is when for some turns of the event loop nothing has changed.
    for (let quiet = 0, before = ''; quiet < 4;) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await this.#clock.advance(0);
      const now = this.#state();
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  }

  #state(): string {
    const seen = this.#copies.map(({ informer }) => [informer.observedResourceVersion(), informer.list().length]);
    return JSON.stringify([this.#server.requests.length, seen, this.#clock.pending(), this.#reported]);
  }

  #stored({ labelSelector, metadataOnly }: InformerOptions<ConfigMap>): readonly ConfigMap[] {
    const all = this.#server.snapshot().filter((object): object is ConfigMap => object.kind === 'ConfigMap');
    const selected =
      labelSelector === undefined ? all : all.filter(({ metadata }) => metadata?.labels?.['app'] === 'x');
    return sorted(
      selected.map((object) => {
        const { metadata = {}, ...rest } = object;
        const { managedFields: _, ...kept } = { managedFields: undefined, ...metadata };
        return metadataOnly === true
          ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: kept }
          : { ...rest, metadata: kept };
      }),
    );
  }

  #metrics(): CacheMetrics {
    const reported = this.#reported;
    return {
      listFinished: () => void reported.lists++,
      listFailed: () => void reported.failures++,
      watchEnded: (_resource, { failed }) => void (reported.failures += failed ? 1 : 0),
      objectsHeld: () => {},
    };
  }
}

/** Faults of a request after which there is no answer that could be used. */
const failing: ReadonlySet<string> = new Set(['status', 'reset', 'refuse', 'silence', 'cut']);

function sorted(objects: readonly ConfigMap[]): readonly ConfigMap[] {
  return objects.toSorted((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1));
}

/** Lehmer's generator: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
