import { createHash } from 'node:crypto';
import type { KamajiControlPlane } from '#api/controlplane/v1alpha2/kamaji-control-plane.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import { labels } from '#api/labels.ts';
import { BootstrapError } from '#bootstrap/errors.ts';
import { parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import { POD_COMPONENT } from '#controlplane/objects.ts';
import { pods, secrets, services } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError, NetworkError } from '#runtime/client/errors.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { secretText } from '#runtime/client/secret-data.ts';
import type { TenantPool } from '#tenant/pool.ts';
import type { Gathered } from './gather.ts';

/** Where the TenantControlPlane of a KamajiControlPlane is. */
export interface Place {
  readonly key: ObjectKey;
  readonly client: Client;
  readonly isExternal: boolean;
}

/** The other cluster cannot be reached as the spec says; the message says why. */
export class ExternalClusterError extends Error {
  override readonly name = 'ExternalClusterError';
  readonly code = 'ExternalClusterUnavailable';
}

export interface ExternalClusterInput {
  readonly gathered: Gathered;
  readonly pool: Pick<TenantPool, 'client'>;
  /** The gate ExternalClusterReferenceCrossNamespace. */
  readonly crossNamespace: boolean;
  readonly client: Client;
  readonly signal: AbortSignal;
}

/**
 * The place of the TenantControlPlane: this cluster, or the one that `deployment.externalClusterReference` names. Its
 * kubeconfig is read in every pass, so that a rotated one counts from the next on. Throws ExternalClusterError.
 */
export async function placeOf(input: ExternalClusterInput): Promise<Place> {
  const { gathered, pool, crossNamespace, client, signal } = input;
  const { namespace = '', name = '' } = gathered.controlPlane.metadata;
  const reference = gathered.controlPlane.spec.deployment?.externalClusterReference;
  if (reference === undefined) return { key: { namespace, name }, client, isExternal: false };
  const {
    kubeconfigSecretNamespace: given,
    kubeconfigSecretName,
    kubeconfigSecretKey,
    deploymentNamespace,
  } = reference;
  const source = { namespace: given || namespace, name: kubeconfigSecretName };
  const what = `Secret ${source.namespace}/${source.name}`;
  if (source.namespace !== namespace && !crossNamespace) {
    throw new ExternalClusterError(
      `${what} is in another namespace: set the gate ExternalClusterReferenceCrossNamespace, or put it into ${namespace} and create the control plane anew`,
    );
  }
  const secret = await client.get(secrets, source, { signal });
  if (secret === undefined)
    throw new ExternalClusterError(`${what} with the other cluster's kubeconfig does not exist`);
  const text = secretText(secret, kubeconfigSecretKey) ?? '';
  if (text === '') throw new ExternalClusterError(`${what} has no key ${kubeconfigSecretKey}`);
  return {
    key: { namespace: deploymentNamespace, name: externalName(gathered.controlPlane) },
    client: clientOf(text, pool, `${what} ${kubeconfigSecretKey}`),
    isExternal: true,
  };
}

/** Of the same namespace and name the same in every life of the object, after a move as well; of two others never. */
export function externalName({ metadata: { namespace = '', name = '' } }: KamajiControlPlane): string {
  const hash = createHash('sha256').update(`${namespace}/${name}`).digest('hex').slice(0, 8);
  return `kcp-${namespace}-${name}`.slice(0, 54).replace(/-+$/u, '') + `-${hash}`;
}

/** What the pass has to know of another cluster, read from it. Throws ExternalClusterError. */
export async function gatherExternal(gathered: Gathered, place: Place, signal: AbortSignal): Promise<Gathered> {
  const { client, key } = place;
  const names = namesOfControlPlane(key.name);
  const here = (name: string): ObjectKey => ({ ...key, name });
  const labelSelector = `${labels.component}=${POD_COMPONENT},${labels.name}=${key.name}`;
  try {
    const [tenantControlPlane, service, adminKubeconfig, authority, running] = await Promise.all([
      client.get(tenantControlPlanes, key, { signal }),
      client.get(services, here(names.service), { signal }),
      client.get(secrets, here(names.adminKubeconfig), { signal }),
      client.get(secrets, here(names.ca), { signal }),
      client.list(pods, { namespace: key.namespace ?? '', labelSelector, signal }),
    ]);
    return { ...gathered, tenantControlPlane, service, adminKubeconfig, authority, pods: running.items };
  } catch (error) {
    throw unavailable(error);
  }
}

/** Failures of the other cluster as what they are; any other error stays what it is. */
function unavailable(error: unknown): unknown {
  return error instanceof ApiError || error instanceof NetworkError
    ? new ExternalClusterError(`the other cluster does not answer as it should: ${error.message}`, { cause: error })
    : error;
}

// Everything has to be inline: a file or a program would be the manager's own.
function clientOf(text: string, pool: Pick<TenantPool, 'client'>, what: string): Client {
  try {
    const { server, caCertificatesPem, clientCertificatePem, clientKeyPem } = parseKubeconfig(text);
    return pool.client({
      id: `external ${what}`,
      server,
      serverName: new URL(server).hostname.replace(/^\[|\]$/gu, ''),
      caPem: caCertificatesPem,
      certificatePem: clientCertificatePem,
      privateKeyPem: clientKeyPem,
    });
  } catch (error) {
    if (!(error instanceof BootstrapError) && !(error instanceof TypeError)) throw error;
    throw new ExternalClusterError(
      `${what} is no kubeconfig with its CA, client certificate and key inline: ${error.message}`,
      { cause: error },
    );
  }
}
