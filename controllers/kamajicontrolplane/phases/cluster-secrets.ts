import type { Cluster } from '#api/core/cluster.ts';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { annotations, CLUSTER_SECRET_TYPE, labels, PROJECT } from '#api/labels.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { Applier } from '#runtime/client/applier.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import type { Gathered } from '../gather.ts';
import type { Finding, Outcome } from '../finding.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';
import { FIELD_MANAGER } from '../field-manager.ts';
import { foreignness, isStale, ownerReference, renewedOwners } from '../ownership.ts';

/** A Secret that Cluster API or a machine reads, with its values in base64. */
export interface ClusterSecret {
  readonly name: string;
  readonly purpose: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface SecretWriter {
  readonly controlPlane: KamajiControlPlane;
  readonly cluster: Cluster;
  readonly secret: Gathered['secret'];
  readonly applier: Applier;
  readonly client: Client;
  readonly signal: AbortSignal;
}

/** A Secret of that name is someone else's, and is left alone. */
export class ForeignSecretError extends Error {
  override readonly name = 'ForeignSecretError';
  readonly code = 'ForeignSecret';
}

/** Publishes `<cluster>-kubeconfig` and `<cluster>-ca` (Cluster API contract: kubeconfig and cluster certificates). */
export async function reconcileClusterSecrets(
  gathered: Gathered,
  tenantControlPlane: TenantControlPlane | undefined,
  writer: SecretWriter,
): Promise<Outcome<true, 'CertificatesAvailable'>> {
  const { controlPlane, cluster } = writer;
  // Without one of ours, Secrets of these names are those of somebody else's tenant.
  if (tenantControlPlane === undefined) return unavailable('WaitingForControlPlane', 'there is no control plane yet');
  const clusterName = cluster.metadata.name ?? '';
  const key = kubeconfigKey(controlPlane);
  const kubeconfig = gathered.adminKubeconfig?.data?.[key];
  const certificate = gathered.authority?.data?.['ca.crt'];
  const privateKey = gathered.authority?.data?.['ca.key'];
  if (gathered.adminKubeconfig?.data !== undefined && kubeconfig === undefined) {
    const keys = Object.keys(gathered.adminKubeconfig.data).join(', ');
    return unavailable(
      'WaitingForControlPlane',
      `annotation ${annotations.kubeconfigSecretKey} asks for the kubeconfig ${key}, but there are only ${keys}`,
    );
  }
  if (kubeconfig === undefined || certificate === undefined || privateKey === undefined) {
    return unavailable('WaitingForControlPlane', 'the control plane has no kubeconfig and certificate authority yet');
  }
  const wanted: ClusterSecret[] = [
    { name: `${clusterName}-kubeconfig`, purpose: 'kubeconfig', data: { value: kubeconfig } },
  ];
  // Under a Cluster of the same name the control plane's own CA Secret already is the one that Cluster API reads.
  const { namespace, name = '' } = tenantControlPlane.metadata;
  const isHere = namespace === controlPlane.metadata.namespace && name === controlPlane.metadata.name;
  if (!isHere || namesOfControlPlane(name).ca !== `${clusterName}-ca`) {
    wanted.push({ name: `${clusterName}-ca`, purpose: 'ca', data: { 'tls.crt': certificate, 'tls.key': privateKey } });
  }
  const results = await Promise.allSettled(wanted.map((secret) => applySecret(writer, secret)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) {
    return {
      finding: {
        type: 'CertificatesAvailable',
        status: 'True',
        reason: 'Available',
        message: `Secrets ${clusterName}-kubeconfig and ${clusterName}-ca are there`,
      },
      value: true,
    };
  }
  const error: unknown = failed.reason;
  if (error instanceof ForeignSecretError) {
    return { ...unavailable('ForeignSecret', error.message), requeueAfterMs: RECHECK_MS };
  }
  return { ...unavailable('InternalError', messageOf(error)), error: asError(error) };
}

/** Applies a Secret of ours; throws ForeignSecretError when one of that name is not ours. */
export async function applySecret(writer: SecretWriter, wanted: ClusterSecret): Promise<void> {
  const { controlPlane, cluster, client, signal } = writer;
  const key = { namespace: controlPlane.metadata.namespace ?? '', name: wanted.name };
  // The cache holds only what carries our label: before the first write, look whether the name is free.
  const live = writer.secret(wanted.name) ?? (await client.get(secrets, key, { signal }));
  const foreign = live === undefined ? undefined : foreignness(live, controlPlane);
  if (foreign !== undefined) {
    throw new ForeignSecretError(
      `Secret ${wanted.name} exists and ${foreign}: delete it, so that this control plane's can take its place`,
    );
  }
  const desired: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      ...key,
      labels: {
        [labels.project]: PROJECT,
        [labels.clusterName]: cluster.metadata.name ?? '',
        [labels.component]: 'capi',
        [labels.capiSecret]: wanted.purpose,
        [labels.capiCluster]: cluster.metadata.name ?? '',
        [labels.capiTenantControlPlane]: controlPlane.metadata.name ?? '',
      },
      ownerReferences: [ownerReference(controlPlane)],
    },
    type: CLUSTER_SECRET_TYPE,
    data: { ...wanted.data },
  };
  const owned =
    live !== undefined && isStale(live, controlPlane)
      ? await client.mergePatch(secrets, key, ownersPatch(live, controlPlane), { signal, fieldManager: FIELD_MANAGER })
      : live;
  await writer.applier.apply(client, secrets, desired, owned, { signal });
}

function ownersPatch(stale: Secret, controlPlane: KamajiControlPlane): object {
  const { resourceVersion } = stale.metadata ?? {};
  return { metadata: { resourceVersion, ownerReferences: renewedOwners(stale, controlPlane) } };
}

/** Which kubeconfig of the control plane Cluster API gets. Where tenants use another address than we do, that of the Service. */
function kubeconfigKey({ metadata, spec }: KamajiControlPlane): string {
  const chosen = metadata.annotations?.[annotations.kubeconfigSecretKey];
  if (chosen !== undefined && chosen !== '') return chosen;
  return spec.network?.advertiseAddress ? 'admin.svc' : 'admin.conf';
}

function unavailable(
  reason: Finding<'CertificatesAvailable'>['reason'],
  message: string,
): Outcome<never, 'CertificatesAvailable'> {
  return { finding: { type: 'CertificatesAvailable', status: 'False', reason, message } };
}
