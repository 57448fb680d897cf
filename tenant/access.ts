import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Service } from '#runtime/client/builtin.ts';
import type { TenantAccess } from './pool.ts';

/** What a kubeconfig of an administrator inside the tenant says. */
export interface AdminCredentials {
  readonly caCertificatesPem: string;
  readonly clientCertificatePem: string;
  readonly clientKeyPem: string;
}

/**
 * How the manager reaches a tenant's API server: by the cluster IP of its Service, so that no DNS is needed; undefined
 * while the Service has none.
 */
export function tenantAccess(
  tenantControlPlane: TenantControlPlane,
  service: Service | undefined,
  credentials: AdminCredentials,
): TenantAccess | undefined {
  const { metadata } = tenantControlPlane;
  const host = service?.spec?.clusterIP;
  const port = service?.spec?.ports?.find(({ name }) => name === 'kube-apiserver')?.port;
  if (host === undefined || host === '' || host === 'None' || port === undefined) return undefined;
  return {
    id: metadata.uid ?? '',
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    serverName: serviceHost(tenantControlPlane),
    caPem: credentials.caCertificatesPem,
    certificatePem: credentials.clientCertificatePem,
    privateKeyPem: credentials.clientKeyPem,
  };
}

/** Name of a control plane's Service as seen from any pod of the management cluster; its serving certificate names it. */
export function serviceHost({ metadata }: TenantControlPlane): string {
  return `${metadata.name ?? ''}.${metadata.namespace ?? ''}.svc`;
}
