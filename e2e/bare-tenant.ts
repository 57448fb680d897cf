import { apply, type Kubectl } from '#lab/cluster/kubectl.ts';
import { kubernetesVersion } from '#lab/versions.ts';
import { type Look, waitFor } from '#lab/wait.ts';

/** A TenantControlPlane without a Cluster, and what a test varies of it. */
export interface BareTenant {
  readonly name: string;
  readonly namespace: string;
  readonly version?: string;
  /** The Service is a NodePort of this number; without it a ClusterIP. */
  readonly nodePort?: number;
}

/** A condition of a TenantControlPlane, as a user reads it. */
export interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export function applyBareTenant(kubectl: Kubectl, tenant: BareTenant): Promise<void> {
  const { name, namespace, nodePort, version = kubernetesVersion } = tenant;
  const object = {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { name, namespace },
    spec: {
      controlPlane: {
        deployment: { replicas: 1 },
        service: { serviceType: nodePort === undefined ? 'ClusterIP' : 'NodePort' },
      },
      kubernetes: { version, kubelet: {} },
      ...(nodePort === undefined ? {} : { networkProfile: { address: '192.0.2.1', port: nodePort } }),
    },
  };
  return apply(kubectl, [object]);
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

/** Deletes tenants if they are there, and waits until they are gone. */
export async function removeBareTenants(kubectl: Kubectl, tenants: readonly BareTenant[]): Promise<void> {
  await Promise.all(
    tenants.map(({ name, namespace }) =>
      kubectl(['delete', 'tcp', name, '-n', namespace, '--ignore-not-found', '--wait', '--timeout=120s']),
    ),
  );
}
