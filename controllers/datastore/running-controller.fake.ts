import type { PolicyRule } from '#api/core/policy-rule.ts';
import type { ConnectionConfig } from '#datastore/connection.ts';
import type { Driver } from '#datastore/driver.ts';
import { openDriver } from '#datastore/open-driver.ts';
import { DataStorePool } from '#datastore/pool.ts';
import { createCache } from '#runtime/cache/cache.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '#runtime/client/builtin.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import { createTransport } from '#runtime/client/transport.ts';
import { type Clock, systemClock } from '#runtime/clock.ts';
import { createController } from '#runtime/controller/controller.ts';
import { createLogger } from '#runtime/telemetry/logger.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import { setupDataStoreController } from './index.ts';
import { here, namespace } from './objects.fake.ts';
import { ownNamespaceRules, rules } from './rbac.ts';

export interface RunningController {
  /** How often any store has been asked so far. */
  probes(): number;
  stop(): Promise<void>;
}

/** Time in which ten seconds pass in one: waits end sooner, what they are for stays the same. */
const quickClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * 10,
  setTimeout: (fn, ms) => systemClock.setTimeout(fn, ms / 10),
  sleep: (ms, signal) => systemClock.sleep(ms / 10, signal),
};

/** Runs the controller with its own rights and no others. `probeOf` may stand in for the probe of a store. */
export async function startController(
  controlPlane: ControlPlane,
  redirected: ReadonlyMap<string, string>,
  probeOf: (config: ConnectionConfig) => Driver['probe'] | undefined = () => undefined,
): Promise<RunningController> {
  const user = 'datastore-controller';
  await grant(controlPlane, user);
  const { certificatePem: cert, privateKeyPem: key } = await controlPlane.identity(user);
  const tls = { ca: controlPlane.caCertificatePem, cert, key };
  const transport = createTransport({ server: controlPlane.server, tls });
  const client = createClient(transport);
  const log = createLogger({ level: 'error' });
  const clock = quickClock;
  const random = Math.random;
  const cache = createCache({ transport, clock, random, log, freeze: true });
  let probes = 0;
  const pool = new DataStorePool({
    reader: client,
    managerNamespace: namespace,
    clock,
    open: (config) => {
      const endpoints = config.endpoints.map((endpoint) => redirected.get(endpoint) ?? endpoint);
      const driver = openDriver({ ...config, endpoints });
      return {
        ...driver,
        probe: (signal) => {
          probes += 1;
          const instead = probeOf(config);
          return instead === undefined ? driver.probe(signal) : instead(signal);
        },
      };
    },
  });
  const events = { record: () => undefined, close: () => Promise.resolve() };
  const options = setupDataStoreController({
    cache,
    pool,
    clock,
    events,
    random,
    managerNamespace: namespace,
    makeDefaultDataStore: true,
  });
  // Of the quick clock; the calls to stores take their time by the real one.
  const controller = createController({ ...options, timeoutMs: 600_000 }, { client, cache, clock, log });
  const abort = new AbortController();
  const running = Promise.all([cache.start(abort.signal), controller.start(abort.signal)]);
  await cache.waitForSync(abort.signal);
  return {
    probes: () => probes,
    stop: async () => {
      abort.abort(new Error('the test is over'));
      await running;
      pool.close();
      await transport.close();
    },
  };
}

async function grant({ client }: ControlPlane, user: string): Promise<void> {
  const wire = (list: readonly PolicyRule[]) =>
    list.map(({ apiGroups, resources, verbs }) => ({
      apiGroups: [...apiGroups],
      resources: [...resources],
      verbs: [...verbs],
    }));
  const subjects = [{ kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }];
  const roleRef = (kind: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: user });
  if ((await client.get(clusterRoles, { name: user })) !== undefined) return;
  await client.create(clusterRoles, { metadata: { name: user }, rules: wire(rules) });
  await client.create(clusterRoleBindings, { metadata: { name: user }, roleRef: roleRef('ClusterRole'), subjects });
  await client.create(roles, { metadata: here(user), rules: wire(ownNamespaceRules) });
  await client.create(roleBindings, { metadata: here(user), roleRef: roleRef('Role'), subjects });
}
