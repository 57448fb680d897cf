import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { bootstrapDataSecret, bootstrapDataSecretName, readBootstrapData } from '#bootstrap/bootstrap-data.ts';
import { joinCloudConfig, readJoinToken } from '#bootstrap/join-cloud-config.ts';
import { parseKubeconfig } from '#bootstrap/kubeconfig.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { Client } from '#runtime/client/client.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import { ApiError, NetworkError } from '#runtime/client/errors.ts';
import { secretText } from '#runtime/client/secret-data.ts';
import { tenantAccess } from '#tenant/access.ts';
import type { TenantPool } from '#tenant/pool.ts';
import type { JoinTokens } from '../join-tokens.ts';
import { TenantNotPreparedError } from '../join-tokens.ts';
import type { Gathered } from '../gather.ts';
import type { Finding, Outcome } from '../finding.ts';
import { asError, messageOf, RECHECK_MS } from '#runtime/controller/finding.ts';
import type { SecretWriter } from './cluster-secrets.ts';
import { applySecret, ForeignSecretError } from './cluster-secrets.ts';

/** What the published bootstrap data came to. */
export interface BootstrapData {
  /** Machines from now on join with another token than before. */
  readonly rotated: boolean;
}

export interface BootstrapDataInput {
  readonly gathered: Gathered;
  readonly tenantControlPlane: TenantControlPlane | undefined;
  /** `host:port` that nodes dial; undefined until it is known. */
  readonly endpoint: string | undefined;
  readonly writer: SecretWriter;
  readonly tokens: JoinTokens;
  readonly pool: Pick<TenantPool, 'client'>;
  /** The control plane runs in another cluster. */
  readonly isExternal: boolean;
}

type BootstrapDataOutcome = Outcome<BootstrapData, 'BootstrapConfigReady'>;

/**
 * Keeps the Secret `<cluster>-bootstrap-data`, by which machines join without a bootstrap provider: its token always has
 * some time left, and its text follows endpoint and CA. A machine that has started does not notice that it changes.
 */
export async function reconcileBootstrapData(input: BootstrapDataInput): Promise<BootstrapDataOutcome> {
  const { gathered, tenantControlPlane, endpoint, writer } = input;
  const { cluster, controlPlane, signal } = writer;
  const caCertificatesPem = secretText(gathered.authority, 'ca.crt');
  const canJoin = findCondition(tenantControlPlane?.status?.conditions, 'BootstrapReady');
  if (
    tenantControlPlane === undefined ||
    endpoint === undefined ||
    caCertificatesPem === undefined ||
    canJoin?.status !== 'True'
  ) {
    return notReady('WaitingForControlPlane', canJoin?.message ?? 'nodes cannot join the control plane yet');
  }
  const clusterName = cluster.metadata.name ?? '';
  const name = bootstrapDataSecretName(clusterName);
  const published = readJoinToken(readBootstrapData(gathered.secret(name)));
  try {
    const { token, rotated, recheckAfterMs } = await input.tokens.ensure(
      tenantControlPlane.metadata.uid ?? '',
      published,
      () => tenantClient(input, tenantControlPlane),
      signal,
    );
    const cloudConfig = joinCloudConfig({
      controlPlaneEndpoint: endpoint,
      caCertificatesPem,
      token,
    });
    const { data } = bootstrapDataSecret({
      clusterName,
      namespace: controlPlane.metadata.namespace ?? '',
      cloudConfig,
    });
    await applySecret(writer, { name, purpose: 'bootstrap-data', data });
    return {
      finding: {
        type: 'BootstrapConfigReady',
        status: 'True',
        reason: 'BootstrapConfigReady',
        message: `machines can join by Secret ${name}`,
      },
      value: { rotated: rotated && published !== undefined },
      requeueAfterMs: recheckAfterMs,
    };
  } catch (error) {
    return failed(error);
  }
}

function tenantClient(
  { gathered, pool, isExternal }: BootstrapDataInput,
  tenantControlPlane: TenantControlPlane,
): Client {
  const { adminKubeconfig } = namesOfControlPlane(tenantControlPlane.metadata.name ?? '');
  if (isExternal) return outsideClient(gathered, pool, adminKubeconfig, tenantControlPlane);
  const kubeconfig = secretText(gathered.adminKubeconfig, 'super-admin.svc');
  if (kubeconfig === undefined) throw new TenantNotPreparedError(`Secret ${adminKubeconfig} has no super-admin.svc`);
  const credentials = parseKubeconfig(kubeconfig);
  const access = tenantAccess(tenantControlPlane, gathered.service, credentials);
  if (access === undefined) throw new TenantNotPreparedError('the Service has no cluster IP');
  return pool.client(access);
}

// A Service of another cluster can only be reached by the address that it is published at.
function outsideClient(
  gathered: Gathered,
  pool: Pick<TenantPool, 'client'>,
  secretName: string,
  tenantControlPlane: TenantControlPlane,
): Client {
  const kubeconfig = secretText(gathered.adminKubeconfig, 'super-admin.conf');
  if (kubeconfig === undefined) throw new TenantNotPreparedError(`Secret ${secretName} has no super-admin.conf`);
  const credentials = parseKubeconfig(kubeconfig);
  return pool.client({
    id: tenantControlPlane.metadata.uid ?? '',
    server: credentials.server,
    serverName: new URL(credentials.server).hostname.replace(/^\[|\]$/gu, ''),
    caPem: credentials.caCertificatesPem,
    certificatePem: credentials.clientCertificatePem,
    privateKeyPem: credentials.clientKeyPem,
  });
}

function failed(error: unknown): BootstrapDataOutcome {
  const message = messageOf(error);
  if (error instanceof ForeignSecretError) {
    return { ...notReady('ForeignSecret', message), requeueAfterMs: RECHECK_MS };
  }
  if (error instanceof TenantNotPreparedError) {
    return { ...notReady('WaitingForControlPlane', message), requeueAfterMs: RECHECK_MS };
  }
  if (error instanceof NetworkError || error instanceof ApiError) {
    return { ...notReady('TenantUnreachable', `no token could be made in the tenant: ${message}`), error };
  }
  return { ...notReady('InternalError', message), error: asError(error) };
}

function notReady(
  reason: Finding<'BootstrapConfigReady'>['reason'],
  message: string,
): Outcome<never, 'BootstrapConfigReady'> {
  return { finding: { type: 'BootstrapConfigReady', status: 'False', reason, message } };
}
