import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import { authorizationUrl, MANAGER_CERTIFICATE } from '#api/manager-service.ts';
import { planAuthorization } from '#controllers/tenantcontrolplane/phases/authorization.ts';
import { AUTHORIZATION_DIRECTORY, AUTHORIZATION_FILE } from '#controlplane/authorization.ts';
import { mountSecret } from '#controlplane/mounted-secret.fake.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import { clusterRoleBindings, secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { startControlPlane } from '#test/control-plane.ts';
import type { ControlPlane } from '#test/control-plane.ts';
import type { Replica, World } from './world.fake.ts';
import { NAMESPACE } from './world.fake.ts';

/** The real API server of a tenant, which authorizes by the files that its pods would have. */
export interface LimitedTenant extends AsyncDisposable {
  readonly apiServer: ControlPlane;
  /** Who administers the tenant: may do everything by RBAC, and is no member of system:masters. */
  readonly administrator: Client;
  /**
   * Brings the files to what the TenantControlPlane says now, as kubelet would, with that replica behind the Service. By default it
   * is the one that the API server was started for.
   */
  refresh(replica: Replica, of?: ObjectKey): Promise<void>;
}

/** Group of the tenant's administrators. */
export const ADMINISTRATORS = 'kubeadm:cluster-admins';

export async function startLimitedTenant(
  { management }: World,
  key: ObjectKey,
  replica: Replica,
): Promise<LimitedTenant> {
  const directory = await mkdtemp(join(tmpdir(), 'authorization-'));
  const target = join(directory, 'files');
  const filesOf = async (one: Replica, of = key): Promise<Readonly<Record<string, string>>> => {
    const [tenantControlPlane, managerCertificate] = await Promise.all([
      management.client.get(tenantControlPlanes, of),
      management.client.get(secrets, { namespace: NAMESPACE, name: MANAGER_CERTIFICATE }),
    ]);
    const drafts = await planned(tenantControlPlane, managerCertificate);
    return Object.fromEntries(
      Object.entries(drafts).map(([name, text]) => [
        name,
        text
          .replaceAll(AUTHORIZATION_DIRECTORY, target)
          .replace(new URL(authorizationUrl(NAMESPACE)).host, `127.0.0.1:${one.authorizationPort}`),
      ]),
    );
  };
  const mounted = await mountSecret(target, await filesOf(replica));
  const apiServer = await startControlPlane({
    extraArgs: [`--authorization-config=${join(target, AUTHORIZATION_FILE)}`],
  });
  await apiServer.client.create(clusterRoleBindings, {
    metadata: { name: ADMINISTRATORS },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: ADMINISTRATORS }],
  });
  return {
    apiServer,
    administrator: apiServer.clientFor(await apiServer.identity('kubernetes-admin', [ADMINISTRATORS])),
    refresh: async (one, of) => mounted.write(await filesOf(one, of)),
    async [Symbol.asyncDispose]() {
      await apiServer.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function planned(
  tenantControlPlane: TenantControlPlane | undefined,
  managerCertificate: Secret | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (tenantControlPlane === undefined) throw new Error('there is no such TenantControlPlane');
  const step = await planAuthorization({
    tenantControlPlane,
    names: namesOfControlPlane(tenantControlPlane.metadata.name ?? ''),
    managerCertificate,
    managerNamespace: NAMESPACE,
    secrets: new Map(),
    now: new Date(),
    renewBeforeMs: 0,
    algorithm: 'ECDSA-P256',
  });
  const data = step.value?.drafts[0]?.data;
  if (data === undefined) throw new Error(`no files: ${JSON.stringify(step)}`);
  return data;
}
