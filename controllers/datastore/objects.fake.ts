import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { EtcdChannel } from '#datastore/etcd/channel.ts';
import { etcd as methods } from '#datastore/etcd/protocol.ts';
import { statefulSets, storageClasses } from '#runtime/client/builtin.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import type { TlsEtcd } from '#test/tls-etcd.ts';

/** Where the manager would run. */
export const namespace = 'kamaji-system';

export function here(name: string): { namespace: string; name: string } {
  return { namespace, name };
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

export function store(name: string, spec: DataStore['spec']): DataStore {
  return { apiVersion: 'kamaji.clastix.io/v1alpha1', kind: 'DataStore', metadata: { name }, spec };
}

export async function userStore(etcd: TlsEtcd, name: string): Promise<DataStore> {
  const { certificatePem, privateKeyPem } = await etcd.client('root');
  const content = (text: string) => ({ content: base64(text) });
  return store(name, {
    driver: 'etcd',
    endpoints: [etcd.endpoint],
    tlsConfig: {
      certificateAuthority: {
        certificate: content(etcd.authority.certificatePem),
        privateKey: content(etcd.authority.privateKeyPem),
      },
      clientCertificate: { certificate: content(certificatePem), privateKey: content(privateKeyPem) },
    },
  });
}

export function tenant(name: string, spec: Partial<TenantControlPlane['spec']>): TenantControlPlane {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { name, namespace: 'default' },
    spec: {
      controlPlane: { service: { serviceType: 'ClusterIP' } },
      kubernetes: { version: 'v1.35.4', kubelet: {} },
      ...spec,
    },
  };
}

export async function enableAuthorization(etcd: TlsEtcd): Promise<void> {
  const { certificatePem: certificate, privateKeyPem: key } = await etcd.client('root');
  const channel = new EtcdChannel({
    endpoints: [etcd.endpoint],
    tls: { ca: etcd.authority.certificatePem, client: { certificate, key } },
  });
  const { signal } = new AbortController();
  await channel.call(methods.userAdd, { name: 'root', options: { noPassword: true } }, signal);
  await channel.call(methods.userGrantRole, { user: 'root', role: 'root' }, signal);
  await channel.call(methods.authEnable, {}, signal);
  channel.close();
}

export async function createStorageClass({ client }: ControlPlane, name: string): Promise<void> {
  await client.create(storageClasses, {
    metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'example.com/none',
  });
}

/** What the StatefulSet controller and a kubelet would report. */
export async function setMembersReady({ client }: ControlPlane, name: string, readyReplicas: number): Promise<void> {
  const status = { replicas: readyReplicas, readyReplicas, availableReplicas: readyReplicas };
  await client.mergePatch(statefulSets, here(name), { status }, { subresource: 'status' });
}

/** Asks until the answer is neither false nor absent, and returns it. */
export async function eventually<T>(
  attempt: () => Promise<T>,
  describe: () => string = () => 'nothing happened',
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + 40_000;
  for (;;) {
    const result = await attempt();
    if (result !== false && result !== undefined && result !== null) return result as NonNullable<Exclude<T, false>>;
    if (performance.now() > deadline) throw new Error(`not in time: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
