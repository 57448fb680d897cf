import { certificateUpkeep } from '#admission/certificate-upkeep.ts';
import type { Issuer } from '#admission/serving-certificate.ts';
import { MANAGER_SERVICE } from '#api/manager-service.ts';
import { type Settings, setupControllers } from '#controllers/index.ts';
import type { EtcdCalls, EtcdChannelOptions } from '#datastore/etcd/channel.ts';
import { openEtcd } from '#datastore/etcd/driver.ts';
import { DataStorePool } from '#datastore/pool.ts';
import { createAuthority, issue } from '#pki/authority.ts';
import type { KeyGenerator } from '#pki/key.ts';
import { createCache } from '#runtime/cache/cache.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import type { Transport, TransportOptions } from '#runtime/client/transport.ts';
import type { Clock } from '#runtime/clock.ts';
import { createController } from '#runtime/controller/controller.ts';
import { createLeaderElector } from '#runtime/manager/leader-election.ts';
import { type LeaderElector, refuseUnlessLeading, refuseWritesUnless } from '#runtime/manager/leadership.ts';
import { createManager } from '#runtime/manager/manager.ts';
import { createEventRecorder } from '#runtime/telemetry/events.ts';
import { createTenantPool } from '#tenant/pool.ts';
import { Lifeline } from './lifeline.ts';
import type { LogLine } from './log.ts';
import { loggerTo } from './log.ts';
import { Passes } from './passes.ts';
import { ProcessClock } from './process-clock.ts';
import type { RequestInfo } from './request-info.ts';
import type { Call, Fate } from './wire.ts';
import { Wire } from './wire.ts';

/** Where the manager runs. */
export const MANAGER_NAMESPACE = 'kamaji-system';

/** What a process finds around itself. */
export interface Surroundings {
  readonly clock: Clock;
  connectManagement(): Transport;
  connectTenant(options: TransportOptions): Transport;
  connectStore(options: EtcdChannelOptions): EtcdCalls;
}

export interface ManagerProcessOptions {
  /** Different for each process of a simulation. */
  readonly number: number;
  readonly surroundings: Surroundings;
  readonly settings: Settings;
  readonly generateKeyPair: KeyGenerator;
  readonly random: () => number;
  readonly decide: (call: Call) => Fate;
  readonly requested: (info: RequestInfo, status: number) => void;
  readonly logged: (line: LogLine) => void;
}

/** One process of the real manager with every controller that there is: main.ts on the simulation's clock and wires. */
export class ManagerProcess {
  readonly number: number;
  readonly passes = new Passes();
  readonly lifeline = new Lifeline();
  readonly clock: ProcessClock;
  readonly wire: Wire;
  /** What ended it; undefined while it runs and after an ordered end. */
  failure: unknown;
  hasEnded = false;
  readonly #options: ManagerProcessOptions;
  readonly #shutdown = new AbortController();
  #elector: LeaderElector | undefined;

  constructor(options: ManagerProcessOptions) {
    this.#options = options;
    this.number = options.number;
    this.clock = new ProcessClock(options.surroundings.clock, this.lifeline);
    const { decide, requested } = options;
    this.wire = new Wire({ lifeline: this.lifeline, clock: this.clock, decide, requested });
    this.lifeline.onDeath(() => {
      this.hasEnded = true;
    });
    void this.#run();
  }

  get isLeader(): boolean {
    return !this.hasEnded && this.#elector?.isLeader() === true;
  }

  /** Asks it to end in order, as SIGTERM does. */
  terminate(): void {
    this.#shutdown.abort(new Error('terminated'));
  }

  async #run(): Promise<void> {
    try {
      await this.#manage(this.#shutdown.signal);
    } catch (error) {
      this.failure = error;
    }
    this.hasEnded = true;
  }

  async #manage(signal: AbortSignal): Promise<void> {
    const { surroundings, random, settings, generateKeyPair, number, logged } = this.#options;
    const { clock, wire, passes } = this;
    const log = loggerTo((line) => {
      if (!this.lifeline.isDead) logged(line);
    });
    const namespace = MANAGER_NAMESPACE;
    const identity = `manager-${number}`;
    const leaseTransport = wire.transport(surroundings.connectManagement(), 'lease');
    const eventTransport = wire.transport(surroundings.connectManagement(), 'events');
    const admissionTransport = wire.transport(surroundings.connectManagement(), 'admission');
    const admissionClient = createClient(admissionTransport);
    const elector = createLeaderElector({
      client: createClient(leaseTransport),
      lease: { namespace, name: 'kamaji.controlplane.cluster.x-k8s.io' },
      identity,
      clock,
      log,
      random,
    });
    this.#elector = elector;
    const fence = { beforeSend: refuseWritesUnless(elector) };
    const cacheTransport = wire.transport(surroundings.connectManagement(), 'cache');
    const transport = wire.transport(surroundings.connectManagement(), 'work', fence);
    const client = createClient(transport);
    const cache = createCache({ transport: cacheTransport, clock, random, log, freeze: true });
    const recorder = createEventRecorder({
      client: createClient(eventTransport),
      clock,
      log,
      controller: 'kamaji.clastix.io/manager',
      instance: identity,
    });
    const dataStorePool = new DataStorePool({
      reader: client,
      managerNamespace: namespace,
      clock,
      open: (config) =>
        openEtcd(config, {
          clock,
          beforeWrite: () => refuseUnlessLeading(elector, 'a write to a datastore'),
          connect: (options) => wire.channel(surroundings.connectStore(options), options.beforeWrite ?? (() => {})),
        }),
    });
    const tenantPool = createTenantPool({
      clock,
      userAgent: 'simulation',
      ...fence,
      connect: (options) => wire.transport(surroundings.connectTenant(options), 'tenant', options),
    });
    const manager = createManager({
      cache,
      clock,
      log,
      leaderElection: elector,
      closers: [
        { name: 'events', close: (deadline) => recorder.close(deadline) },
        { name: 'connections of events', close: () => eventTransport.close() },
        { name: 'connections of admission', close: () => admissionTransport.close() },
        { name: 'tenants', close: () => tenantPool.close() },
        { name: 'datastores', close: async () => dataStorePool.close() },
        { name: 'caches', close: () => cacheTransport.close() },
        { name: 'management API', close: () => transport.close() },
        { name: 'lease', close: () => leaseTransport.close() },
      ],
    });
    const controllers = setupControllers({
      cache,
      clock,
      random,
      events: recorder,
      dataStorePool,
      tenantPool,
      managerNamespace: namespace,
      managementAddresses: ['192.0.2.254'],
      settings,
      generateKeyPair,
    });
    for (const options of controllers) {
      manager.add(createController(passes.watch(options), { client, cache, clock, log }));
    }
    // The admission server itself listens on a socket, which has no place here; its certificate is kept in every replica.
    const upkeep = certificateUpkeep({
      cache,
      clock,
      servers: [],
      issuer: webhookIssuer,
      names: { dnsNames: [`${MANAGER_SERVICE}.${namespace}.svc`], ipAddresses: [] },
      namespace,
    });
    const keeper = createController(passes.watch(upkeep), { client: admissionClient, cache, clock, log });
    manager.addRunnable({ name: keeper.name, needsLeadership: false, start: (ending) => keeper.start(ending) });
    await manager.run(signal);
  }
}

const webhookIssuer: Issuer = {
  createAuthority: (validityMs, now) => createAuthority({ commonName: 'kamaji-webhook-ca', validityMs, now }),
  issue: (authority, names, validityMs, now) =>
    issue({ authority, subject: { commonName: 'kamaji-webhook' }, usages: ['serverAuth'], ...names, validityMs, now }),
};
