import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apply, type Kubectl } from './cluster/kubectl.ts';
import type { Tools } from './tools.ts';
import { kubernetesVersion } from './versions.ts';
import { type Look, waitFor } from './wait.ts';

/** A TenantControlPlane without a Cluster, and what tests and benchmarks vary of it. */
export interface BareTenant {
  readonly name: string;
  readonly namespace: string;
  readonly version?: string;
  /** Default 1. */
  readonly replicas?: number;
  /** Default: a NodePort where the node port is named, else a ClusterIP. */
  readonly serviceType?: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
  readonly nodePort?: number;
  /** Default: the provider's own. */
  readonly konnectivity?: boolean;
  /** `spec.controlPlane.deployment.resources`. Default: the provider's own. */
  readonly resources?: object;
}

/** A condition of a TenantControlPlane, as a user reads it. */
export interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Creates tenants, or changes them to what is said here. */
export function applyBareTenants(kubectl: Kubectl, tenants: readonly BareTenant[]): Promise<void> {
  return apply(kubectl, tenants.map(bareTenantManifest));
}

export function applyBareTenant(kubectl: Kubectl, tenant: BareTenant): Promise<void> {
  return applyBareTenants(kubectl, [tenant]);
}

export function bareTenantManifest(tenant: BareTenant): object {
  const { name, namespace, nodePort, konnectivity, resources } = tenant;
  const { serviceType = nodePort === undefined ? 'ClusterIP' : 'NodePort' } = tenant;
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { name, namespace },
    spec: {
      controlPlane: {
        deployment: { replicas: tenant.replicas ?? 1, ...(resources !== undefined && { resources }) },
        service: { serviceType },
      },
      kubernetes: { version: tenant.version ?? kubernetesVersion, kubelet: {} },
      ...(nodePort !== undefined && { networkProfile: { address: '192.0.2.1', port: nodePort } }),
      ...(konnectivity !== undefined && { addons: { konnectivity: { enabled: konnectivity } } }),
    },
  };
}

/** Waits until a condition of the tenant has that reason. */
export function waitForReason(
  kubectl: Kubectl,
  { name, namespace }: BareTenant,
  type: string,
  wanted: string,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<Condition> {
  const look = async (): Promise<Look<Condition>> => {
    const path = `jsonpath={.status.conditions[?(@.type=="${type}")]}`;
    const text = await kubectl(['get', 'tcp', name, '-n', namespace, '-o', path]);
    const condition = text === '' ? undefined : (JSON.parse(text) as Condition);
    if (condition?.reason === wanted) return { value: condition };
    return { missing: `${condition?.reason ?? 'nothing'}: ${condition?.message ?? ''}` };
  };
  return waitFor(`${type} of ${name} to be ${wanted}`, timeoutSeconds, look, { signal, report: () => undefined });
}

/** Writes the admin kubeconfig of a tenant, which is Ready, to the state directory; answers its path. */
export async function openBareTenant(
  { paths, kubectl }: Pick<Tools, 'paths' | 'kubectl'>,
  { name, namespace }: BareTenant,
): Promise<string> {
  const directory = join(paths.directory, 'tenants', namespace);
  await mkdir(directory, { recursive: true });
  const path = 'jsonpath={.data.admin\\.conf}';
  const content = await kubectl(['get', 'secret', `${name}-admin-kubeconfig`, '-n', namespace, '-o', path]);
  const kubeconfig = join(directory, `${name}.kubeconfig`);
  await writeFile(kubeconfig, Buffer.from(content, 'base64'), { mode: 0o600 });
  return kubeconfig;
}

/** Deletes tenants if they are there, and waits until they are gone. */
export async function removeBareTenants(kubectl: Kubectl, tenants: readonly BareTenant[]): Promise<void> {
  await Promise.all(
    tenants.map(({ name, namespace }) =>
      kubectl(['delete', 'tcp', name, '-n', namespace, '--ignore-not-found', '--wait', '--timeout=180s']),
    ),
  );
}
