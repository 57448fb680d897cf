import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from 'winston';
import { createCache } from '#runtime/cache/cache.ts';
import type { Cache, Informer } from '#runtime/cache/informer.ts';
import { configMaps } from '#runtime/client/builtin.ts';
import type { ConfigMap } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import { createTransport } from '#runtime/client/transport.ts';
import type { Transport } from '#runtime/client/transport.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { createApiServer } from './api-server.ts';
import type { ApiServer } from './api-server.ts';

export type Way = 'in process' | 'over HTTP';

/** A fake API server, and the real client and cache that meet its faults. */
export interface StruckServer extends AsyncDisposable {
  readonly server: ApiServer;
  readonly clock: FakeClock;
  readonly client: Client;
  /** A client that no fault is meant for: its user is `bystander`. */
  readonly bystander: Client;
  /** ConfigMaps of the namespace default. */
  readonly informer: Informer<ConfigMap>;
  /** What its subscriber was told, as `type name`. */
  readonly told: readonly string[];
  /** Starts the cache and resolves when it has synced and watches. */
  start(): Promise<void>;
  /** Lets time pass until something has come true. */
  eventually(what: string, holds: () => boolean): Promise<void>;
  /** Lists and watches of the cache so far. */
  count(verb: 'list' | 'watch'): number;
  create(name: string): Promise<ConfigMap>;
  /** Names in the cache. */
  names(): readonly string[];
}

const log = createLogger({ silent: true });
const realTimeLimitMs = 60_000;

export async function startStruckServer(way: Way): Promise<StruckServer> {
  const clock = new FakeClock();
  const server = createApiServer({ clock });
  const url = way === 'over HTTP' ? (await server.listen()).url : '';
  const open = (user: string): Transport =>
    way === 'over HTTP' ? createTransport({ server: url, bearerToken: async () => user }) : server.transport({ user });
  const transports = ['client', 'bystander', 'cache'].map(open);
  const [own, other, cached] = transports;
  if (own === undefined || other === undefined || cached === undefined) throw new TypeError('three transports');
  const cache: Cache = createCache({ transport: cached, clock, random: () => 0.5, log, pageSize: 2 });
  const informer = cache.informer(configMaps, { namespace: 'default' });
  const told: string[] = [];
  informer.subscribe(({ type, object }) => told.push(`${type} ${object.metadata?.name}`));
  const stop = new AbortController();
  const bystander = createClient(other);
  const count = (verb: 'list' | 'watch'): number =>
    server.requests.filter((one) => one.user === 'cache' && one.verb === verb).length;
  let running: Promise<void> = Promise.resolve();

  const eventually = async (what: string, holds: () => boolean): Promise<void> => {
    const deadline = performance.now() + realTimeLimitMs;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`not in ${realTimeLimitMs} ms: ${what}`);
      // Short steps, so that a watch that is as it should be does not end meanwhile; what comes over HTTP needs real time.
      await clock.advance(100);
      await sleep(way === 'over HTTP' ? 1 : 0);
    }
  };
  return {
    server,
    clock,
    client: createClient(own),
    bystander,
    informer,
    told,
    async start() {
      running = cache.start(stop.signal);
      await eventually('the cache has synced and watches', () => informer.hasSynced() && count('watch') > 0);
    },
    eventually,
    count,
    create: (name) => bystander.create(configMaps, { metadata: { namespace: 'default', name } }),
    names: () => informer.list().map(({ metadata }) => metadata?.name ?? ''),
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('test over'));
      await running;
      await server.close();
      await Promise.all(transports.map((transport) => transport.close()));
    },
  };
}
