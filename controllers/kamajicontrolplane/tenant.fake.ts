import assert from 'node:assert/strict';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import { formatDiscoveryKubeconfig, formatKubeconfig } from '#bootstrap/kubeconfig.ts';
import { createAuthority } from '#pki/authority.ts';
import { configMaps, namespaces, pods, secrets, services } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { systemClock } from '#runtime/clock.ts';

const labelsOf = (name: string, component: string) => ({
  'kamaji.clastix.io/project': 'kamaji',
  'kamaji.clastix.io/name': name,
  'kamaji.clastix.io/component': component,
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Plays the controller of TenantControlPlanes: makes what it would make, and says what it would say. */
export class FakeTenant {
  readonly #client: Client;
  readonly key: ObjectKey;

  constructor(client: Client, key: ObjectKey) {
    this.#client = client;
    this.key = key;
  }

  async get(): Promise<TenantControlPlane> {
    const found = await this.#client.get(tenantControlPlanes, this.key);
    assert.ok(found !== undefined, `no TenantControlPlane ${this.key.name}`);
    return found;
  }

  /** Service and address; answers the cluster IP. */
  async publishAddress(): Promise<string> {
    await eventually(() => this.#client.get(tenantControlPlanes, this.key));
    const { name } = this.key;
    const service = await this.#client.create(services, {
      metadata: { ...this.key, labels: labelsOf(name, 'service') },
      spec: { ports: [{ name: 'kube-apiserver', port: 6443 }] },
    });
    const address = service.spec?.clusterIP ?? '';
    await this.say({ EndpointReady: ['True', 'EndpointReady'] }, { controlPlaneEndpoint: `${address}:6443` });
    return address;
  }

  /** The Secrets that are passed on. */
  async issueCertificates(kubeconfigUser = 'admin'): Promise<void> {
    const { name } = this.key;
    const authority = await createAuthority({ commonName: 'kubernetes', now: new Date() });
    const kubeconfig = base64(
      formatKubeconfig({
        server: 'https://192.0.2.1:6443',
        clusterName: name,
        userName: kubeconfigUser,
        caCertificatesPem: authority.certificatePem,
        clientCertificatePem: 'certificate',
        clientKeyPem: 'key',
      }),
    );
    const certificate = base64(authority.certificatePem);
    const privateKey = base64(authority.privateKeyPem);
    const contents = {
      [`${name}-ca`]: { 'ca.crt': certificate, 'ca.key': privateKey, 'tls.crt': certificate, 'tls.key': privateKey },
      [`${name}-admin-kubeconfig`]: {
        'admin.conf': kubeconfig,
        'admin.svc': kubeconfig,
        'super-admin.conf': kubeconfig,
        'super-admin.svc': kubeconfig,
      },
    };
    for (const [secretName, data] of Object.entries(contents)) {
      await this.#client.apply(
        secrets,
        { metadata: { ...this.key, name: secretName, labels: labelsOf(name, 'certificates') }, data },
        { fieldManager: 'test' },
      );
    }
  }

  /** What `kubeadm init` leaves, as far as tokens need it. The test's API server is the tenant's too. */
  async prepareJoining(): Promise<void> {
    const metadata = { namespace: 'kube-public', name: 'cluster-info' };
    const kubeconfig = formatDiscoveryKubeconfig('https://192.0.2.1:6443', 'certificate');
    await ignoreExisting(this.#client.create(namespaces, { metadata: { name: 'kube-public' } }));
    await ignoreExisting(this.#client.create(configMaps, { metadata, data: { kubeconfig } }));
    await this.say({ BootstrapReady: ['True', 'BootstrapReady'] });
  }

  /** A pod whose API server serves. */
  async runPod(podName: string, version: string): Promise<void> {
    const { namespace = '', name } = this.key;
    const key = { namespace, name: podName };
    await this.#client.create(pods, {
      metadata: { ...key, labels: labelsOf(name, 'deployment') },
      spec: { containers: [{ name: 'kube-apiserver', image: `registry.k8s.io/kube-apiserver:${version}` }] },
    });
    const conditions = [{ type: 'Ready', status: 'True' }];
    await this.#client.mergePatch(pods, key, { status: { conditions } }, { subresource: 'status' });
  }

  /** Conditions as `[status, reason, message]`, and further fields of the status. */
  async say(
    conditions: Readonly<Record<string, readonly [string, string, string?]>>,
    more: object = {},
  ): Promise<void> {
    const { status, metadata } = await this.get();
    const kept = (status?.conditions ?? []).filter(({ type }) => !(type in conditions));
    const added = Object.entries(conditions).map(([type, [state, reason, message]]) => ({
      type,
      status: state,
      reason,
      message: message ?? reason,
      lastTransitionTime: new Date().toISOString(),
    }));
    const observedGeneration = metadata.generation;
    const patch = { status: { ...more, observedGeneration, conditions: [...kept, ...added] } };
    await this.#client.mergePatch(tenantControlPlanes, this.key, patch, { subresource: 'status' });
  }

  /** All of the above: a control plane that can be used. */
  async becomeReady(podName = `${this.key.name}-0`): Promise<void> {
    await this.publishAddress();
    await this.issueCertificates();
    await this.runPod(podName, 'v1.35.4');
    const deployment = {
      selector: `kamaji.clastix.io/name=${this.key.name}`,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
    };
    const fine = ['Available', 'ControlPlaneReady', 'DataStoreReady', 'Ready'];
    await this.say(Object.fromEntries(fine.map((type) => [type, ['True', type]])), {
      kubernetesResources: { deployment },
    });
    await this.prepareJoining();
  }
}

async function ignoreExisting(creation: Promise<unknown>): Promise<void> {
  await creation.catch((error: unknown) => {
    if (!(error instanceof ApiError && error.isAlreadyExists)) throw error;
  });
}

/** Waits, in real time, until `look` answers something; gives up after 20 s and shows what it saw last. */
export async function eventually<T>(look: () => Promise<T | false | undefined>, saw?: () => unknown): Promise<T> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const answer = await look();
    if (answer !== false && answer !== undefined) return answer;
    if (performance.now() > deadline)
      throw new Error(`not in 20 s; last seen: ${JSON.stringify(saw?.(), undefined, 1)}`);
    await systemClock.sleep(20, AbortSignal.timeout(10_000));
  }
}
