import { CompactSign } from 'jose';
import type { Binding, ConfigMap, Role } from './objects.ts';
import { configMap, configMapReaders, user } from './objects.ts';
import { formatDiscoveryKubeconfig } from './kubeconfig.ts';

/** Where `kubeadm join` begins: the ConfigMap that it reads without any credential. */
export const CLUSTER_INFO = { namespace: 'kube-public', name: 'cluster-info' } as const;

/**
 * The ConfigMap kube-public/cluster-info without signatures, and what lets everybody read it. Signatures are not part of
 * the object: the tenant's bootstrap signer and `clusterInfoSignature` add them as data keys of their own.
 */
export function clusterInfoObjects(
  controlPlaneEndpoint: string,
  caCertificatesPem: string,
): readonly [ConfigMap, Role, Binding] {
  const { namespace, name } = CLUSTER_INFO;
  const kubeconfig = formatDiscoveryKubeconfig(`https://${controlPlaneEndpoint}`, caCertificatesPem);
  const anonymous = user('system:anonymous');
  return [
    configMap(namespace, name, { kubeconfig }),
    ...configMapReaders(namespace, 'kubeadm:bootstrap-signer-clusterinfo', name, [anonymous]),
  ];
}

/** The data key and value by which cluster-info is signed for one token; merge it into the ConfigMap's data. */
export async function clusterInfoSignature(
  kubeconfig: string,
  token: { readonly id: string; readonly secret: string },
): Promise<Readonly<Record<string, string>>> {
  return { [`jws-kubeconfig-${token.id}`]: await signClusterInfo(kubeconfig, token.id, token.secret) };
}

/**
 * Signs the bytes of cluster-info's kubeconfig with a bootstrap token: a JWS (RFC 7515) with detached content, byte for byte
 * what the bootstrap signer writes, since `kubeadm join` compares strings (Kubernetes: cluster-bootstrap/token/jws).
 */
export async function signClusterInfo(kubeconfig: string, tokenId: string, tokenSecret: string): Promise<string> {
  const signed = await new CompactSign(Buffer.from(kubeconfig, 'utf8'))
    .setProtectedHeader({ alg: 'HS256', kid: tokenId })
    .sign(Buffer.from(tokenSecret, 'utf8'));
  const [header, , signature] = signed.split('.');
  return `${header}..${signature}`;
}
