import { issueKubeconfig } from '#bootstrap/kubeconfig.ts';
import type { CertificatePair, CertificateRequest } from '#pki/authority.ts';
import { CERTIFICATE_VALIDITY_MS, createAuthority, issue } from '#pki/authority.ts';
import { datastoreCertificate, KUBECONFIG_CERTIFICATES } from '#pki/control-plane.ts';
import { generateKeyPair } from '#pki/key.ts';

/** What upstream Kamaji knows of a control plane when it makes keys. */
export interface UpstreamTenant {
  readonly name: string;
  readonly namespace: string;
  /** Where the API server is found. */
  readonly address: string;
  readonly port: number;
  readonly schema: string;
  readonly user: string;
  /** With its private key, as upstream has it from the DataStore. */
  readonly storeAuthority: CertificatePair;
  readonly konnectivity: boolean;
}

/** A Secret by the suffix of its name. */
export interface UpstreamSecret {
  /** Value of `kamaji.clastix.io/component`. */
  readonly component: string;
  readonly lifecycle?: 'x509' | 'kubeconfig';
  readonly type?: string;
  readonly finalizers?: readonly string[];
  readonly data: Readonly<Record<string, string>>;
}

const algorithm = 'RSA-2048';
const TEN_YEARS_MS = 10 * CERTIFICATE_VALIDITY_MS;

/**
 * The Secrets of a control plane as upstream leaves them: RSA keys in PKCS#1, its subjects, validities and names (the reference,
 * sections 2.4 and 4), and its own finalizer on the credentials for the store.
 */
export async function upstreamSecrets(tenant: UpstreamTenant, now: Date): Promise<Record<string, UpstreamSecret>> {
  const [ca, frontProxyCa, serviceAccount] = await Promise.all([
    createAuthority({ commonName: 'kubernetes', algorithm, now }),
    createAuthority({ commonName: 'front-proxy-ca', algorithm, now }),
    generateKeyPair(algorithm),
  ]);
  const signed = (authority: CertificatePair, request: CertificateRequest): Promise<CertificatePair> =>
    issue({ ...request, authority, algorithm, now });
  const year = { usages: ['clientAuth'], validityMs: CERTIFICATE_VALIDITY_MS } as const;
  const [apiServer, kubeletClient, frontProxyClient, tunnel, store] = await Promise.all([
    signed(ca, { ...servingNames(tenant), subject: { commonName: 'kube-apiserver' }, usages: ['serverAuth'] }),
    signed(ca, { subject: { commonName: 'kube-apiserver-kubelet-client' }, ...year }),
    signed(frontProxyCa, { subject: { commonName: 'front-proxy-client' }, ...year }),
    signed(ca, administrator('system:konnectivity-server')),
    signed(tenant.storeAuthority, administrator(tenant.user)),
  ]);
  const kubeconfig = (user: keyof typeof KUBECONFIG_CERTIFICATES, host: string): Promise<string> =>
    issueKubeconfig(
      {
        server: `https://${host}:${tenant.port}`,
        clusterName: tenant.name,
        authority: ca,
        certificate: KUBECONFIG_CERTIFICATES[user],
      },
      { now, algorithm },
    );
  const service = `${tenant.name}.${tenant.namespace}.svc`;
  return {
    ca: {
      component: 'ca',
      data: { ...files('ca', ca), 'tls.crt': ca.certificatePem, 'tls.key': ca.privateKeyPem },
    },
    'front-proxy-ca-certificate': {
      component: 'front-proxy-ca-certificate',
      data: files('front-proxy-ca', frontProxyCa),
    },
    'sa-certificate': {
      component: 'sa-certificate',
      data: { 'sa.pub': serviceAccount.publicKeyPem, 'sa.key': serviceAccount.privateKeyPem },
    },
    'api-server-certificate': x509('api-server-certificate', files('apiserver', apiServer)),
    'api-server-kubelet-client-certificate': x509(
      'api-server-kubelet-client-certificate',
      files('apiserver-kubelet-client', kubeletClient),
    ),
    'front-proxy-client-certificate': x509(
      'front-proxy-client-certificate',
      files('front-proxy-client', frontProxyClient),
    ),
    'datastore-certificate': x509('datastore-certificate', {
      'ca.crt': tenant.storeAuthority.certificatePem,
      ...files('server', store),
    }),
    'datastore-config': {
      component: 'datastore-config',
      finalizers: ['finalizer.kamaji.clastix.io/datastore-secret'],
      data: { DB_CONNECTION_STRING: '', DB_SCHEMA: tenant.schema, DB_USER: tenant.user, DB_PASSWORD: 'never-used' },
    },
    'admin-kubeconfig': kubeconfigs('admin-kubeconfig', {
      'admin.conf': await kubeconfig('admin', tenant.address),
      'super-admin.conf': await kubeconfig('super-admin', tenant.address),
      'admin.svc': await kubeconfig('admin', service),
      'super-admin.svc': await kubeconfig('super-admin', service),
    }),
    'controller-manager-kubeconfig': kubeconfigs('controller-manager-kubeconfig', {
      'controller-manager.conf': await kubeconfig('controller-manager', '127.0.0.1'),
    }),
    'scheduler-kubeconfig': kubeconfigs('scheduler-kubeconfig', {
      'scheduler.conf': await kubeconfig('scheduler', '127.0.0.1'),
    }),
    ...(tenant.konnectivity
      ? {
          'konnectivity-certificate': {
            ...x509('konnectivity-certificate', files('tls', tunnel)),
            type: 'kubernetes.io/tls',
          },
          'konnectivity-kubeconfig': kubeconfigs('konnectivity-kubeconfig', {
            'konnectivity-server.conf': await kubeconfig('konnectivity-server', 'localhost'),
          }),
        }
      : {}),
  };
}

function files(name: string, { certificatePem, privateKeyPem }: CertificatePair): Record<string, string> {
  return { [`${name}.crt`]: certificatePem, [`${name}.key`]: privateKeyPem };
}

function x509(component: string, data: Record<string, string>): UpstreamSecret {
  return { component, lifecycle: 'x509', data };
}

function kubeconfigs(component: string, data: Record<string, string>): UpstreamSecret {
  return { component, lifecycle: 'kubeconfig', data };
}

// Upstream's own template: an administrator for ten years.
function administrator(commonName: string): CertificateRequest {
  const { usages } = datastoreCertificate(commonName);
  return { subject: { commonName, organizations: ['system:masters'] }, usages, validityMs: TEN_YEARS_MS };
}

function servingNames({ name, namespace, address }: UpstreamTenant) {
  const dnsNames = [
    'node',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'localhost',
    name,
    `${name}.${namespace}.svc`,
    `${name}.${namespace}.svc.cluster.local`,
  ];
  return { dnsNames, ipAddresses: ['10.96.0.1', '127.0.0.1', address], validityMs: CERTIFICATE_VALIDITY_MS };
}
