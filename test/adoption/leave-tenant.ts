import { createHash } from 'node:crypto';
import type { TenantControlPlane, TenantControlPlaneStatus } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import { configMaps, deployments, secrets, services } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { createClient } from '#runtime/client/kube-client.ts';
import type { ObjectMeta } from '#runtime/client/resource.ts';
import { createTransport } from '#runtime/client/transport.ts';
import type { ControlPlane } from '../control-plane.ts';
import { upstreamDeploymentSpec } from './upstream-deployment.ts';
import type { UpstreamSecret, UpstreamTenant } from './upstream-secrets.ts';
import { upstreamSecrets } from './upstream-secrets.ts';

const NOW = '2026-01-05T10:00:00Z';

/** Works as a program of upstream, by whose name the API server knows who wrote what. */
export async function asUpstream<V>(
  { server, caCertificatePem: ca, admin }: Pick<ControlPlane, 'server' | 'caCertificatePem' | 'admin'>,
  work: (client: Client) => Promise<V>,
  program = 'kamaji',
): Promise<V> {
  const tls = { ca, cert: admin.certificatePem, key: admin.privateKeyPem };
  const transport = createTransport({ server, tls, userAgent: `${program}/v0.0.0 (linux/amd64) kubernetes/$Format` });
  try {
    return await work(createClient(transport));
  } finally {
    await transport.close();
  }
}

/** Leaves the TenantControlPlane and all its objects as upstream does when it has run a tenant for a while (the reference, 1.1.6, 2.4). */
export async function leaveTenant(
  client: Client,
  tenant: UpstreamTenant,
  spec: TenantControlPlane['spec'],
  etcd: string,
): Promise<void> {
  const { name, namespace } = tenant;
  const created = await client.create(tenantControlPlanes, {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { name, namespace, finalizers: ['finalizer.kamaji.clastix.io', 'finalizer.kamaji.clastix.io/soot'] },
    spec,
  });
  const owned = (suffix: string, component: string): ObjectMeta => ({
    name: `${name}${suffix}`,
    namespace,
    labels: {
      'kamaji.clastix.io/project': 'kamaji',
      'kamaji.clastix.io/name': name,
      'kamaji.clastix.io/component': component,
    },
    ownerReferences: [
      {
        apiVersion: 'kamaji.clastix.io/v1alpha1',
        kind: 'TenantControlPlane',
        name,
        uid: created.metadata.uid ?? '',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  });
  const left = await upstreamSecrets(tenant, new Date());
  const tunnel = tenant.konnectivity
    ? [{ name: 'konnectivity-server', protocol: 'TCP', port: 8132, targetPort: 8132 }]
    : [];
  await client.create(services, {
    metadata: owned('', 'service'),
    spec: {
      type: 'ClusterIP',
      selector: { 'kamaji.clastix.io/name': name },
      ports: [{ name: 'kube-apiserver', protocol: 'TCP', port: tenant.port, targetPort: tenant.port }, ...tunnel],
    },
  });
  await client.create(configMaps, {
    metadata: owned('-kubeadmconfig', 'kubeadmconfig'),
    data: { ClusterConfiguration: '{"ClusterName":"x"}', InitConfiguration: '{}' },
  });
  if (tenant.konnectivity) {
    await client.create(configMaps, {
      metadata: owned('-konnectivity-egress-selector-configuration', 'konnectivity-egress-selector-configuration'),
      data: { 'egress-selector-configuration.yaml': 'kind: EgressSelectorConfiguration\n' },
    });
  }
  for (const [suffix, secret] of Object.entries(left)) {
    await client.create(secrets, secretObject(owned(`-${suffix}`, secret.component), secret));
  }
  // The Deployment is written twice, as by its two handlers there.
  const deployment = await client.create(deployments, {
    metadata: { ...owned('', 'deployment'), annotations: { 'kube-apiserver.kamaji.clastix.io/args': 'd41d8cd9' } },
    spec: upstreamDeploymentSpec({ ...tenant, konnectivity: false }, etcd),
  });
  if (tenant.konnectivity) {
    await client.replace(deployments, { ...deployment, spec: upstreamDeploymentSpec(tenant, etcd) });
  }
  await client.mergePatch(
    tenantControlPlanes,
    { name, namespace },
    { status: statusOf(tenant, created.metadata.generation ?? 1, left) },
    { subresource: 'status' },
  );
}

function secretObject(metadata: ObjectMeta, { lifecycle, type, finalizers, data }: UpstreamSecret) {
  return {
    metadata: {
      ...metadata,
      labels: {
        ...metadata.labels,
        ...(lifecycle === undefined ? {} : { 'kamaji.clastix.io/certificate_lifecycle_controller': lifecycle }),
      },
      annotations: { 'kamaji.clastix.io/checksum': checksumOf(data) },
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
    },
    type: type ?? 'Opaque',
    stringData: { ...data },
  };
}

function checksumOf(data: Readonly<Record<string, string>>): string {
  const hash = createHash('md5');
  for (const key of Object.keys(data).sort()) hash.update(data[key] ?? '');
  return hash.digest('hex');
}

// No conditions: upstream has none.
function statusOf(
  { name, namespace, address, port, schema, user, konnectivity }: UpstreamTenant,
  generation: number,
  left: Readonly<Record<string, UpstreamSecret>>,
): TenantControlPlaneStatus {
  const secret = (suffix: string) => ({
    secretName: `${name}-${suffix}`,
    checksum: checksumOf(left[suffix]?.data ?? {}),
    lastUpdate: NOW,
  });
  const reference = { name: 'konnectivity-agent', namespace: 'kube-system', lastUpdate: NOW };
  return {
    observedGeneration: generation,
    controlPlaneEndpoint: `${address}:${port}`,
    storage: {
      driver: 'etcd',
      dataStoreName: 'store',
      config: { secretName: `${name}-datastore-config`, checksum: checksumOf(left['datastore-config']?.data ?? {}) },
      setup: { schema, user, lastUpdate: NOW, checksum: checksumOf({ schema, user }) },
      certificate: secret('datastore-certificate'),
    },
    certificates: {
      ca: secret('ca'),
      apiServer: secret('api-server-certificate'),
      apiServerKubeletClient: secret('api-server-kubelet-client-certificate'),
      frontProxyCA: secret('front-proxy-ca-certificate'),
      frontProxyClient: secret('front-proxy-client-certificate'),
      sa: secret('sa-certificate'),
    },
    kubeconfig: {
      admin: secret('admin-kubeconfig'),
      controllerManager: secret('controller-manager-kubeconfig'),
      scheduler: secret('scheduler-kubeconfig'),
    },
    kubeadmconfig: { configmapName: `${name}-kubeadmconfig`, lastUpdate: NOW, checksum: checksumOf({}) },
    kubeadmPhase: { bootstrapToken: { checksum: checksumOf({}), lastUpdate: NOW } },
    kubernetesResources: {
      version: { version: 'v1.35.4', status: 'Ready' },
      deployment: {
        name,
        namespace,
        selector: `kamaji.clastix.io/name=${name}`,
        lastUpdate: NOW,
        observedGeneration: 1,
        replicas: 2,
        updatedReplicas: 2,
        readyReplicas: 2,
        availableReplicas: 2,
      },
      service: { name, namespace, port, loadBalancer: {} },
    },
    addons: {
      coreDNS: { enabled: true, lastUpdate: NOW },
      kubeProxy: { enabled: true, lastUpdate: NOW },
      konnectivity: konnectivity
        ? {
            enabled: true,
            certificate: secret('konnectivity-certificate'),
            kubeconfig: secret('konnectivity-kubeconfig'),
            sa: reference,
            agent: { ...reference, mode: 'DaemonSet' },
          }
        : { enabled: false },
    },
  };
}
