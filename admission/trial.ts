import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { controlPlaneDeployment } from '#controlplane/deployment.ts';
import type { Checksums, KonnectivityServer } from '#controlplane/input.ts';
import { controlPlaneService } from '#controlplane/service.ts';
import { deployments, services } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { keyOf } from '#runtime/client/resource.ts';

export interface TrialOptions {
  readonly client: Client;
  /** The tunnel of a control plane; undefined where it has none. */
  readonly konnectivityOf: (tenantControlPlane: TenantControlPlane) => KonnectivityServer | undefined;
  /** Under which the controller applies these objects: what it drops from them is dropped in the trial too. */
  readonly fieldManager: string;
}

/** What came of a trial. */
export interface TrialResult {
  /** Why the API server refuses an object, and what to correct. */
  readonly refusals: readonly string[];
  /** What could not be found out. */
  readonly warnings: readonly string[];
}

// Both calls of a trial together end well within the time-out of the webhook.
const CALL_TIMEOUT_MS = 2_000;

const PLACEHOLDER_CHECKSUMS: Checksums = {
  ca: 'trial',
  frontProxyCa: 'trial',
  serviceAccount: 'trial',
  apiServerCertificate: 'trial',
  apiServerKubeletClient: 'trial',
  frontProxyClient: 'trial',
  controllerManagerKubeconfig: 'trial',
  schedulerKubeconfig: 'trial',
  datastoreConfig: 'trial',
};

/**
 * Has the API server judge the Service and the Deployment that this control plane would get, without storing them: containers
 * and volumes of the user's, and which node ports are taken, are things that only it knows. A port that is taken now may be
 * free soon: that is worth a warning, and the controller waits. What depends
 * on other objects, such as addresses and the store, has placeholders.
 */
export async function tryOut(
  tenantControlPlane: TenantControlPlane,
  options: TrialOptions,
  signal: AbortSignal,
): Promise<TrialResult> {
  const konnectivity = options.konnectivityOf(tenantControlPlane);
  const deployment = () =>
    controlPlaneDeployment({
      tenantControlPlane,
      advertiseAddress: '192.0.2.1',
      storage: { driver: 'etcd', dataStore: 'trial', endpoints: ['trial:2379'], schema: 'trial' },
      ...(konnectivity && { konnectivity }),
      checksums: PLACEHOLDER_CHECKSUMS,
    });
  const service = () => controlPlaneService(tenantControlPlane, konnectivity !== undefined);
  const outcomes = await Promise.all([
    judge(services, service, 'spec.networkProfile.port and spec.controlPlane.service'),
    judge(deployments, deployment, 'spec.controlPlane.deployment'),
  ]);
  return {
    refusals: outcomes.flatMap(({ refusal }) => refusal ?? []),
    warnings: outcomes.flatMap(({ warning }) => warning ?? []),
  };

  async function judge<T extends KubeObject>(
    resource: Resource<T>,
    render: () => T,
    fields: string,
  ): Promise<{ readonly refusal?: string; readonly warning?: string }> {
    const { client, fieldManager } = options;
    const { kind } = resource;
    const call = { signal, timeoutMs: CALL_TIMEOUT_MS };
    try {
      const desired = render();
      const live = await client.get(resource, keyOf(desired), call);
      // Somebody else's object of that name is the controller's to report.
      if (live !== undefined && !isControlledBy(live, tenantControlPlane)) return {};
      await client.apply(resource, desired, { ...call, fieldManager, dryRun: true });
      return {};
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // The API server has no code of its own for this cause (Kubernetes: pkg/registry/core/service/portallocator).
      if (reason.includes('port is already allocated')) {
        return { warning: `the control plane will wait until another Service gives up its node port: ${reason}` };
      }
      if (error instanceof ApiError && error.isInvalid) {
        return { refusal: `the ${kind} of this control plane would be refused: ${error.message}: correct ${fields}` };
      }
      return { warning: `the ${kind} of this control plane could not be tried out: ${reason}` };
    }
  }
}

function isControlledBy(object: KubeObject, { metadata }: TenantControlPlane): boolean {
  return (
    object.metadata?.ownerReferences?.some(({ controller, uid }) => controller === true && uid === metadata.uid) ===
    true
  );
}
