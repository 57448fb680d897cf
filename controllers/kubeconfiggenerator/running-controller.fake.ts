import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PolicyRule } from '#api/core/policy-rule.ts';
import { kubeconfigGenerators, tenantControlPlanes } from '#api/kinds.ts';
import type { KubeconfigGenerator, KubeconfigGeneratorSpec } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { type CertificatePair, createAuthority } from '#pki/authority.ts';
import { createCache } from '#runtime/cache/cache.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { clusterRoleBindings, clusterRoles, namespaces, secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import { keyOf, type ObjectKey } from '#runtime/client/resource.ts';
import { createTransport } from '#runtime/client/transport.ts';
import { FakeClock } from '#runtime/clock.fake.ts';
import { type Clock, systemClock } from '#runtime/clock.ts';
import { createController } from '#runtime/controller/controller.ts';
import type { EventNote } from '#runtime/telemetry/events.ts';
import { createLogger } from '#runtime/telemetry/logger.ts';
import { type ControlPlane, startControlPlane } from '#test/control-plane.ts';
import { installCrds } from '#test/install-crds.ts';
import { setupKubeconfigGeneratorController } from './index.ts';
import { adminKubeconfigSecret, authoritySecret, base64, generator, tenant } from './objects.fake.ts';
import { rules } from './rbac.ts';

const USER = 'kubeconfiggenerator-controller';
const DAY_MS = 86_400_000;
const TIMEOUT_MS = 20_000;

/**
 * A management cluster without nodes, with the controller under its own rights. It is its tenants' API server as well: they
 * have its CA, so that their kubeconfigs can be tried on it.
 */
export interface World extends AsyncDisposable {
  readonly client: Client;
  readonly authority: CertificatePair;
  readonly server: string;
  namespace(name: string, labels?: Record<string, string>): Promise<void>;
  /** Creates a tenant, with the Secrets that its own controller would make. */
  tenant(namespace: string, name: string, labels?: Record<string, string>): Promise<TenantControlPlane>;
  secretsOf(tenant: TenantControlPlane): Promise<void>;
  generator(name: string, spec?: Partial<KubeconfigGeneratorSpec>): Promise<void>;
  apply(manifest: string): Promise<void>;
  get(name: string): Promise<KubeconfigGenerator>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  /** The kubeconfig in a Secret, once it is there and unlike `before`. */
  kubeconfig(namespace: string, name: string, before?: string): Promise<string>;
  /** Waits until the status is so. */
  until(name: string, holds: (generator: KubeconfigGenerator) => boolean): Promise<KubeconfigGenerator>;
  gone(namespace: string, name: string): Promise<void>;
  /** Who the bearer is to the API server, as that says. */
  whoAmI(kubeconfig: string): Promise<{ readonly username: string; readonly groups: readonly string[] }>;
  /** Successful writes of the controller so far, as `verb resource/name`. */
  writes(): Promise<readonly string[]>;
  /** Passes that have ended without a failure. */
  passes(): number;
  notes(name: string): readonly EventNote[];
  start(clock?: Clock): Promise<void>;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const authority = await createAuthority({ commonName: 'kubernetes', now: new Date() });
  const management = await startControlPlane({ auditPolicy, authority });
  const { client, server } = management;
  await Promise.all([installCrds(management), grant(management)]);
  const notes = new Map<string, EventNote[]>();
  let passes = 0;
  let running: (() => Promise<void>) | undefined;

  const world: World = {
    client,
    authority,
    server,
    async namespace(name, labels = {}) {
      await client.create(namespaces, { metadata: { name, labels } });
    },
    async tenant(namespace, name, labels = {}) {
      const created = await client.create(tenantControlPlanes, tenant({ namespace, name, labels }));
      await world.secretsOf(created);
      return created;
    },
    async secretsOf(of) {
      const servers = { 'admin.conf': server, 'admin.svc': server.replace('127.0.0.1', 'localhost') };
      await client.create(secrets, await adminKubeconfigSecret(of, authority, servers));
      await client.create(secrets, authoritySecret(of, authority));
    },
    async generator(name, spec = {}) {
      await client.create(kubeconfigGenerators, generator(name, spec));
    },
    async apply(manifest) {
      await management.kubectl(['apply', '-f', '-'], manifest);
    },
    async get(name) {
      const found = await client.get(kubeconfigGenerators, { name });
      assert.ok(found !== undefined, `KubeconfigGenerator ${name} is gone`);
      return found;
    },
    secret: (namespace, name) => client.get(secrets, { namespace, name }),
    async kubeconfig(namespace, name, before) {
      const text = async (): Promise<string | undefined> => {
        const encoded = (await world.secret(namespace, name))?.data?.['value'];
        return encoded === base64(before ?? '') ? undefined : encoded;
      };
      return Buffer.from(await eventually(text, `Secret ${name}`), 'base64').toString('utf8');
    },
    async until(name, holds) {
      let latest = await world.get(name);
      const check = async (): Promise<KubeconfigGenerator | undefined> => {
        latest = await world.get(name);
        return holds(latest) ? latest : undefined;
      };
      return eventually(check, `status of ${name}`).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${JSON.stringify(latest.status, undefined, 1)}`, { cause: error });
      });
    },
    async gone(namespace, name) {
      await eventually(
        async () => ((await world.secret(namespace, name)) === undefined ? true : undefined),
        `Secret ${name} goes`,
      );
    },
    async whoAmI(kubeconfig) {
      const path = join(management.directory, 'generated.kubeconfig');
      await writeFile(path, kubeconfig, { mode: 0o600 });
      // Of two flags of one name the later counts.
      const answer = await management.kubectl(['--kubeconfig', path, 'auth', 'whoami', '-o', 'json']);
      return JSON.parse(answer).status.userInfo;
    },
    async writes() {
      return (await management.auditEvents())
        .filter(({ responseStatus }) => (responseStatus?.code ?? 500) < 300)
        .map(({ verb, objectRef: { resource = '', subresource, name } = {} }) =>
          [`${verb} ${resource}`, name, ...(subresource === undefined ? [] : [subresource])].join('/'),
        );
    },
    passes: () => passes,
    notes: (name) => notes.get(name) ?? [],
    async start(clock = quickClock) {
      running = await startController(management, clock, {
        passed: () => (passes += 1),
        noted: ({ name }, note) => void notes.set(name, [...world.notes(name), note]),
      });
    },
    async stop() {
      await running?.();
      running = undefined;
    },
    async [Symbol.asyncDispose]() {
      await world.stop();
      await management.stop();
    },
  };
  await world.start();
  return world;
}

/** Asks until there is an answer, and returns it. */
export async function eventually<T>(answer: () => Promise<T | undefined>, what: string): Promise<T> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    const found = await answer();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`not in ${TIMEOUT_MS} ms: ${what}`);
    await sleep(20);
  }
}

/** Time in which twenty seconds pass in one: waits end sooner, what they are for stays the same. */
const quickClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * 20,
  setTimeout: (fn, ms) => systemClock.setTimeout(fn, ms / 20),
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
};

// Every write of the controller, and nothing else.
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  rules: [
    { level: 'Metadata', users: [USER], verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'None' },
  ],
};

interface Hooks {
  readonly passed: () => void;
  readonly noted: (key: ObjectKey, note: EventNote) => void;
}

async function startController(management: ControlPlane, clock: Clock, hooks: Hooks): Promise<() => Promise<void>> {
  const { certificatePem: cert, privateKeyPem: key } = await management.identity(USER);
  const tls = { ca: management.caCertificatePem, cert, key };
  const transport = createTransport({ server: management.server, tls });
  const client = createClient(transport);
  const log = createLogger({ level: 'error' });
  const cache = createCache({ transport, clock: systemClock, random: Math.random, log, freeze: true });
  const options = setupKubeconfigGeneratorController({
    cache,
    clock,
    events: { record: (regarding, note) => hooks.noted(keyOf(regarding), note) },
    renewBeforeMs: 30 * DAY_MS,
    keyAlgorithm: 'ECDSA-P256',
  });
  const reconcile: typeof options.reconcile = async (key, context) => {
    const result = await options.reconcile(key, context);
    hooks.passed();
    return result;
  };
  // By the test's clock, while calls to the API server take their time by the real one; timers of Node end at 25 days.
  const timeoutMs = clock instanceof FakeClock ? 3_650 * DAY_MS : 3_600_000;
  const controller = createController({ ...options, reconcile, timeoutMs }, { client, cache, clock, log });
  const ending = new AbortController();
  const ended = Promise.all([cache.start(ending.signal), controller.start(ending.signal)]);
  await cache.waitForSync(ending.signal);
  return async () => {
    ending.abort(new Error('the test is over'));
    await ended;
    await transport.close();
  };
}

async function grant({ client }: ControlPlane): Promise<void> {
  const wire = (list: readonly PolicyRule[]) =>
    list.map(({ apiGroups, resources, verbs }) => ({
      apiGroups: [...apiGroups],
      resources: [...resources],
      verbs: [...verbs],
    }));
  const group = 'rbac.authorization.k8s.io';
  await client.create(clusterRoles, { metadata: { name: USER }, rules: wire(rules) });
  await client.create(clusterRoleBindings, {
    metadata: { name: USER },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: USER },
    subjects: [{ kind: 'User', name: USER, apiGroup: group }],
  });
}
