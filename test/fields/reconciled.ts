import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { createLogger } from 'winston';
import { customResourceDefinitions } from '#api/crds.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlaneSpec } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { dataStores, tenantControlPlanes, tlsRoutes } from '#api/kinds.ts';
import { parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import { setupTenantControlPlaneController } from '#controllers/tenantcontrolplane/index.ts';
import type { Driver, DriverName } from '#datastore/driver.ts';
import { DataStorePool } from '#datastore/pool.ts';
import { createAuthority, issue } from '#pki/authority.ts';
import { generateKeyPair } from '#pki/key.ts';
import { createCache } from '#runtime/cache/cache.ts';
import { deployments, services } from '#runtime/client/builtin.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import { systemClock } from '#runtime/clock.ts';
import { createTenantPool } from '#tenant/pool.ts';
import { createApiServer } from '../api-server/api-server.ts';

const KEY = { namespace: 'tenants', name: 'demo' };
const log = createLogger({ silent: true });
const now = new Date();
const authority = await createAuthority({ commonName: 'etcd', now });
const root = await issue({
  authority,
  subject: { commonName: 'root' },
  usages: ['clientAuth'],
  validityMs: 3_600_000,
  now,
});
// Made once: they take long, and no field is about them.
const serviceAccountKeys = await generateKeyPair('RSA-2048');

/** What a control plane of a given spec comes to: every object of it on both sides, as a person would read them. */
export class Reconciled {
  readonly #management: readonly KubeObject[];
  readonly #tenant: readonly KubeObject[];

  constructor(management: readonly KubeObject[], tenant: readonly KubeObject[]) {
    this.#management = management;
    this.#tenant = tenant;
  }

  /** The value at a path in an object of the management cluster, such as `Service demo`; undefined where there is none. */
  at(object: string, ...path: readonly (string | number)[]): unknown {
    return valueAt(find(this.#management, object), path);
  }

  /** The same, inside the tenant. */
  inside(object: string, ...path: readonly (string | number)[]): unknown {
    return valueAt(find(this.#tenant, object), path);
  }

  /** The value at a path in the spec of the pods. */
  pod(...path: readonly (string | number)[]): unknown {
    return this.at('Deployment demo', 'spec', 'template', 'spec', ...path);
  }

  /** The value at a path in one container of the pods. */
  container(name: string, ...path: readonly (string | number)[]): unknown {
    const containers = this.pod('containers');
    assert.ok(Array.isArray(containers));
    return valueAt(
      containers.find((one) => valueAt(one, ['name']) === name),
      path,
    );
  }

  /** Values of a flag of one container of the pods, in their order. */
  flag(container: string, flag: string): readonly string[] {
    return valuesOf(flag, this.container(container, 'args'));
  }

  /** Values of a flag of the first container of a workload inside the tenant. */
  flagInside(workload: string, flag: string): readonly string[] {
    return valuesOf(flag, this.inside(workload, 'spec', 'template', 'spec', 'containers', 0, 'args'));
  }

  /** The text under a key of a Secret of the control plane. */
  secret(suffix: string, key: string): string {
    return Buffer.from(String(this.at(`Secret demo-${suffix}`, 'data', key)), 'base64').toString('utf8');
  }

  /** Names and addresses in the API server's certificate. */
  servingNames(): readonly string[] {
    return (
      new X509Certificate(this.secret('api-server-certificate', 'apiserver.crt')).subjectAltName?.split(', ') ?? []
    );
  }

  /** The server in the kubeconfig of the administrator. */
  server(): string {
    return parseKubeconfig(this.secret('admin-kubeconfig', 'admin.conf')).server;
  }
}

/** Runs the real controller over a control plane of that spec until its tenant side is done; nothing runs in the pods. */
export async function reconciled(spec: TenantControlPlaneSpec): Promise<Reconciled> {
  const crds = [...customResourceDefinitions, TLS_ROUTE_CRD];
  const management = createApiServer({ clock: systemClock, crds, namespaces: [KEY.namespace] });
  const tenant = createApiServer({ clock: systemClock });
  const client = createClient(management.transport());
  for (const dataStore of STORES) {
    await client.create(dataStores, dataStore);
    const status = { ready: true, identity: dataStore.metadata.name };
    await client.mergePatch(dataStores, { name: dataStore.metadata.name ?? '' }, { status }, { subresource: 'status' });
  }
  const { apiVersion, kind } = { apiVersion: 'kamaji.clastix.io/v1alpha1', kind: tenantControlPlanes.kind };
  await client.create(tenantControlPlanes, { apiVersion, kind, metadata: KEY, spec });

  const cache = createCache({ transport: management.transport(), clock: systemClock, random: Math.random, log });
  const dataStorePool = new DataStorePool({
    reader: client,
    managerNamespace: 'kamaji-system',
    clock: systemClock,
    open: ({ driver }) => idle(driver),
  });
  const tenantPool = createTenantPool({ clock: systemClock, userAgent: 'test', connect: () => tenant.transport() });
  const { reconcile } = setupTenantControlPlaneController({
    cache,
    clock: systemClock,
    dataStorePool,
    tenantPool,
    events: { record() {} },
    managerNamespace: 'kamaji-system',
    makeDefaultDataStore: false,
    konnectivityDefault: true,
    kineImage: 'kine:test',
    renewBeforeMs: 0,
    keyAlgorithm: 'ECDSA-P256',
    generateKeyPair: async () => serviceAccountKeys,
    managementAddresses: [],
  });
  const ending = new AbortController();
  const { signal } = ending;
  const seen = async (object: KubeObject): Promise<void> => {
    const [informer] = cache.informersOf(object.kind === 'Service' ? services : deployments);
    while (informer?.get(KEY)?.metadata?.resourceVersion !== object.metadata?.resourceVersion) await turn();
  };
  const reconcileUntilDone = async (): Promise<void> => {
    await reconcile(KEY, { client, signal, log });
    if (spec.controlPlane.service.serviceType === 'LoadBalancer') {
      const status = { loadBalancer: { ingress: [{ ip: '192.0.2.50' }] } };
      await seen(await client.mergePatch(services, KEY, { status }, { subresource: 'status' }));
      await reconcile(KEY, { client, signal, log });
    }
    const deployment = await client.get(deployments, KEY);
    assert.ok(deployment !== undefined, JSON.stringify((await client.get(tenantControlPlanes, KEY))?.status));
    const status = { observedGeneration: deployment.metadata?.generation ?? 1, readyReplicas: 1 };
    await seen(await client.mergePatch(deployments, KEY, { status }, { subresource: 'status' }));
    await reconcile(KEY, { client, signal, log });
  };

  const running = cache.start(signal);
  try {
    await cache.waitForSync(signal);
    await reconcileUntilDone();
    return new Reconciled(management.snapshot(), tenant.snapshot());
  } finally {
    ending.abort();
    await running;
    await Promise.all([tenantPool.close(), management.close(), tenant.close()]);
  }
}

/** The stores that specs may name: all behave well. */
const STORES: readonly DataStore[] = (
  [
    ['default', 'etcd', ['etcd:2379']],
    ['other', 'etcd', ['one.example:2390', 'two.example:2390']],
    ['sql', 'PostgreSQL', ['db.example:5432']],
  ] as const
).map(([name, driver, endpoints]) => ({
  apiVersion: 'kamaji.clastix.io/v1alpha1',
  kind: 'DataStore',
  metadata: { name },
  spec: {
    driver,
    endpoints: [...endpoints],
    tlsConfig: {
      certificateAuthority: {
        certificate: inline(authority.certificatePem),
        privateKey: inline(authority.privateKeyPem),
      },
      clientCertificate: { certificate: inline(root.certificatePem), privateKey: inline(root.privateKeyPem) },
    },
  },
}));

const TLS_ROUTE_CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${tlsRoutes.plural}.${tlsRoutes.group}` },
  spec: {
    group: tlsRoutes.group,
    scope: 'Namespaced',
    names: { kind: tlsRoutes.kind, plural: tlsRoutes.plural },
    versions: [
      {
        name: tlsRoutes.version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

function inline(text: string): { content: string } {
  return { content: Buffer.from(text).toString('base64') };
}

function idle(driver: DriverName): Driver {
  return {
    driver,
    probe: () => Promise.reject(new Error('not used here')),
    ensureTenant: async () => {},
    dropTenant: async () => {},
    usage: () => Promise.reject(new Error('not used here')),
    isolationProblems: async () => [],
    close() {},
  };
}

function find(objects: readonly KubeObject[], wanted: string): KubeObject | undefined {
  return objects.find(({ kind, metadata }) => `${kind ?? ''} ${metadata?.name ?? ''}` === wanted);
}

function valueAt(value: unknown, [first, ...rest]: readonly (string | number)[]): unknown {
  if (first === undefined || typeof value !== 'object' || value === null)
    return first === undefined ? value : undefined;
  return valueAt(Reflect.get(value, first), rest);
}

function valuesOf(flag: string, args: unknown): readonly string[] {
  assert.ok(Array.isArray(args));
  return args.flatMap((argument: unknown) => {
    if (argument === flag) return [''];
    return typeof argument === 'string' && argument.startsWith(`${flag}=`) ? [argument.slice(flag.length + 1)] : [];
  });
}
