import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from 'winston';
import { konnectivityImages } from '#addons/versions.ts';
import { components } from '#config/components.ts';
import { NAMESPACE, SERVICE_ACCOUNT } from '#config/identity.ts';
import { managerRules } from '#config/rbac.ts';
import { dataStoresOf, tenantNamesOf } from '#datastore/scheduling.ts';
import { createCache } from '#runtime/cache/cache.ts';
import { namespaces } from '#runtime/client/builtin.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import { createTransport } from '#runtime/client/transport.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { systemClock } from '#runtime/clock.ts';
import { createController } from '#runtime/controller/controller.ts';
import { type ControlPlane, startControlPlane } from '#test/control-plane.ts';
import { installCrds } from '#test/install-crds.ts';
import { type Front, startFront } from './front.fake.ts';
import { setupAdmission } from './index.ts';
import { issuer } from './issuer.fake.ts';

/** Where the manager is. */
export { NAMESPACE };

/** One replica of the manager, as far as admission goes. */
export interface Replica {
  /** Of its upkeep; the certificates of others are judged by the real time. */
  readonly clock: FakeClock;
  /** Where it answers API servers of tenants. */
  readonly authorizationPort: number;
  /** As the health server would say it. */
  notReady(): string | undefined;
  stop(): Promise<void>;
}

/** A management cluster with this provider's rights and webhooks, and replicas behind what stands for their Service. */
export interface World extends AsyncDisposable {
  readonly management: ControlPlane;
  readonly front: Front;
  /** Installs the webhooks as the release does, which knows of no authority. */
  installWebhooks(): Promise<void>;
  /** Starts a replica whose clock shows that time; it is behind the front once it is ready. */
  startReplica(now?: number): Promise<Replica>;
  /** Waits until something holds; clocks of replicas go on meanwhile. */
  eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void>;
}

const TIMEOUT_MS = 30_000;

/** Starts it, without any replica; nothing outlives the calling process. */
export async function startWorld(): Promise<World> {
  const [management, front] = await Promise.all([startControlPlane(), startFront()]);
  await management.client.create(namespaces, { metadata: { name: NAMESPACE } });
  const { rbac, all } = components(await managerRules());
  const install = (items: readonly unknown[]): Promise<unknown> =>
    management.kubectl(
      ['apply', '--server-side', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    );
  await Promise.all([installCrds(management), install(rbac)]);
  const identity = await management.identity(`system:serviceaccount:${NAMESPACE}:${SERVICE_ACCOUNT}`);
  const replicas = new Set<Replica>();

  const world: World = {
    management,
    front,
    async installWebhooks() {
      const text = JSON.stringify(all.filter(({ kind }) => kind === 'ValidatingWebhookConfiguration'));
      // There are no Services here that lead anywhere.
      const address = (_: string, path: string): string => `"url":"https://127.0.0.1:${front.port}${path}"`;
      await install(JSON.parse(text.replaceAll(/"service":\{[^}]*"path":"([^"]*)"[^}]*\}/g, address)));
    },
    async startReplica(now = Date.now()) {
      const tls = { ca: management.caCertificatePem, cert: identity.certificatePem, key: identity.privateKeyPem };
      const transport = createTransport({ server: management.server, tls, connections: 4 });
      const client = createClient(transport);
      const log = createLogger({ silent: true });
      const cache = createCache({ transport, clock: systemClock, random: Math.random, log });
      const clock = new FakeClock(now);
      const { server, authorization, upkeep, notReady } = setupAdmission({
        cache,
        clock,
        log,
        client,
        issuer,
        namespace: NAMESPACE,
        names: { dnsNames: [], ipAddresses: ['127.0.0.1'] },
        address: { host: '127.0.0.1', port: 0 },
        authorizationAddress: { host: '127.0.0.1', port: 0 },
        paceClock: systemClock,
        placeOf: (tenant) => ({ stores: dataStoresOf(tenant), ...tenantNamesOf(tenant) }),
        konnectivityOf: konnectivityImages,
        nodePorts: { from: 30_000, to: 32_767 },
        fieldManager: 'kamaji-tenantcontrolplane',
      });
      const controller = createController(upkeep, { client, cache, clock, log });
      const ending = new AbortController();
      await Promise.all([server.listen(), authorization.listen()]);
      const running = Promise.all([cache.start(ending.signal), controller.start(ending.signal)]);
      const replica: Replica = {
        clock,
        authorizationPort: authorization.port(),
        notReady,
        async stop() {
          replicas.delete(replica);
          front.targets = front.targets.filter((port) => port !== server.port());
          ending.abort();
          await running;
          await Promise.all([server, authorization].map((one) => one.close(AbortSignal.abort())));
          await transport.close();
        },
      };
      replicas.add(replica);
      await world.eventually('the replica is ready', () => notReady() === undefined);
      front.targets = [...front.targets, server.port()];
      return replica;
    },
    async eventually(what, holds) {
      const deadline = performance.now() + TIMEOUT_MS;
      while (!(await holds())) {
        if (performance.now() > deadline) throw new Error(`not in ${TIMEOUT_MS} ms: ${what}`);
        await Promise.all([...replicas].map(({ clock }) => clock.advance(100)));
        await sleep(10);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...replicas].map((replica) => replica.stop()));
      await Promise.all([management.stop(), front.close()]);
    },
  };
  return world;
}
