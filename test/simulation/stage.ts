import type { KamajiControlPlane, KamajiControlPlaneSpec } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane, TenantControlPlaneSpec } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { dataStores, kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import { createAuthority, issue } from '#pki/authority.ts';
import { namespaces } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { KubeObject, ObjectKey, Resource } from '#runtime/client/resource.ts';
import { apiVersionOf, keyString } from '#runtime/client/resource.ts';
import type { Simulation } from './simulation.ts';
import { EtcdData } from './world/etcd.ts';

/** Parts of a spec that a scenario is about. */
export type TenantParts = Omit<Partial<TenantControlPlaneSpec>, 'controlPlane'> & {
  readonly controlPlane?: Partial<TenantControlPlaneSpec['controlPlane']>;
};

/** Where a scenario is played: what users can do and see. */
export class Stage {
  readonly simulation: Simulation;
  /** The administrator of the management cluster. */
  readonly client: Client;
  readonly #checkpoint: (name: string) => Promise<void>;

  constructor(simulation: Simulation, checkpoint: (name: string) => Promise<void>) {
    this.simulation = simulation;
    this.client = simulation.world.management.client;
    this.#checkpoint = checkpoint;
  }

  /** Waits until the system is at rest; there its state is compared with that of the run in which nothing goes wrong. */
  checkpoint(name: string): Promise<void> {
    return this.#checkpoint(name);
  }

  until(what: string, holds: () => Promise<boolean>): Promise<void> {
    return this.simulation.until(what, holds);
  }

  async namespace(name: string): Promise<void> {
    await this.client.create(namespaces, { metadata: { name } });
  }

  /** A store that somebody else runs, and the DataStore that says so. */
  async givenStore(name: string): Promise<void> {
    const { clock, world } = this.simulation;
    const endpoint = `${name}.stores.example:2379`;
    const now = new Date(clock.now());
    const authority = await createAuthority({ commonName: `${name}-ca`, now });
    const client = await issue({
      authority,
      subject: { commonName: 'root' },
      usages: ['clientAuth'],
      validityMs: 10 * 365 * 24 * 3_600_000,
      now,
    });
    const data = new EtcdData(String(1_000 + name.length));
    data.put('kamaji.clastix.io/store-identity', `store ${name}`);
    data.becomeReady();
    world.stores.bring(endpoint, { data, caPem: authority.certificatePem });
    const content = (text: string) => ({ content: Buffer.from(text).toString('base64') });
    const dataStore: DataStore = {
      apiVersion: apiVersionOf(dataStores),
      kind: dataStores.kind,
      metadata: { name },
      spec: {
        driver: 'etcd',
        endpoints: [endpoint],
        tlsConfig: {
          certificateAuthority: {
            certificate: content(authority.certificatePem),
            privateKey: content(authority.privateKeyPem),
          },
          clientCertificate: {
            certificate: content(client.certificatePem),
            privateKey: content(client.privateKeyPem),
          },
        },
      },
    };
    await this.client.create(dataStores, dataStore);
  }

  /** A TenantControlPlane as a user writes it. */
  async tenant(key: ObjectKey, { controlPlane, ...parts }: TenantParts = {}): Promise<void> {
    const tenantControlPlane: TenantControlPlane = {
      apiVersion: apiVersionOf(tenantControlPlanes),
      kind: tenantControlPlanes.kind,
      metadata: { ...key },
      spec: {
        kubernetes: { version: 'v1.34.2', kubelet: {} },
        addons: { coreDNS: {}, kubeProxy: {} },
        // Another range than the management cluster's, so that addresses tell where they are from.
        networkProfile: { serviceCidr: '10.112.0.0/16' },
        ...parts,
        controlPlane: { service: { serviceType: 'LoadBalancer' }, ...controlPlane },
      },
    };
    await this.client.create(tenantControlPlanes, tenantControlPlane);
  }

  /** A KamajiControlPlane as a user writes it. */
  async controlPlane(key: ObjectKey, spec: Partial<KamajiControlPlaneSpec> = {}): Promise<void> {
    const controlPlane: KamajiControlPlane = {
      apiVersion: apiVersionOf(kamajiControlPlanes),
      kind: kamajiControlPlanes.kind,
      metadata: { ...key },
      spec: { version: 'v1.34.2', replicas: 1, addons: { coreDNS: {}, kubeProxy: {} }, ...spec },
    };
    await this.client.create(kamajiControlPlanes, controlPlane);
  }

  /** The administrator of a tenant that serves. */
  async inside(key: ObjectKey): Promise<Client> {
    const view = await this.simulation.world.tenants.viewOf(key.namespace ?? '', key.name);
    if (view === undefined) throw new TypeError(`no API server of ${keyString(key)} is ready`);
    return view.client;
  }

  patch<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, patch: object): Promise<T> {
    return this.client.mergePatch(resource, key, patch);
  }

  /** Waits until the object's spec, as it is now, has been made true. */
  async ready(resource: Resource<TenantControlPlane | KamajiControlPlane>, key: ObjectKey): Promise<void> {
    await this.condition(resource, key, 'Ready', 'True');
  }

  async condition(
    resource: Resource<TenantControlPlane | KamajiControlPlane | DataStore>,
    key: ObjectKey,
    type: string,
    wanted: string,
  ): Promise<void> {
    await this.until(`${type} of ${keyString(key)} is ${wanted}`, async () => {
      const object = await this.client.get(resource, key);
      const condition = findCondition(object?.status?.conditions, type);
      const current = condition?.observedGeneration === object?.metadata.generation;
      return current && (condition?.status === wanted || condition?.reason === wanted);
    });
  }

  /** Deletes and waits until it is gone. */
  async remove(resource: Resource, key: ObjectKey): Promise<void> {
    await this.client.delete(resource, key);
    await this.gone(resource, key);
  }

  async gone(resource: Resource, key: ObjectKey): Promise<void> {
    await this.until(
      `${resource.kind} ${keyString(key)} is gone`,
      async () => (await this.client.get(resource, key)) === undefined,
    );
  }
}
