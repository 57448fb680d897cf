import type { KubeconfigGenerator, KubeconfigGeneratorSpec } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { labels, PROJECT } from '#api/labels.ts';
import { issueKubeconfig } from '#bootstrap/kubeconfig.ts';
import { namesOfControlPlane } from '#controlplane/names.ts';
import type { CertificatePair } from '#pki/authority.ts';
import { KUBECONFIG_CERTIFICATES } from '#pki/control-plane.ts';
import type { Secret } from '#runtime/client/builtin.ts';
import type { ObjectMeta } from '#runtime/client/resource.ts';

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

export function generator(name: string, spec: Partial<KubeconfigGeneratorSpec> = {}): KubeconfigGenerator {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'KubeconfigGenerator',
    metadata: { name },
    spec: { user: { stringValue: 'alice' }, ...spec },
  };
}

export function tenant(metadata: ObjectMeta): TenantControlPlane {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata,
    spec: {
      controlPlane: { service: { serviceType: 'ClusterIP' } },
      kubernetes: { version: 'v1.35.4', kubelet: {} },
    },
  };
}

/** The Secret of a tenant's CA, as its own controller writes it. */
export function authoritySecret(of: TenantControlPlane, { certificatePem, privateKeyPem }: CertificatePair): Secret {
  const name = namesOfControlPlane(of.metadata.name ?? '').ca;
  return secret(of, name, { 'ca.crt': certificatePem, 'ca.key': privateKeyPem });
}

/** The Secret of a tenant's own kubeconfigs, the key to the server. */
export async function adminKubeconfigSecret(
  of: TenantControlPlane,
  authority: CertificatePair,
  servers: Readonly<Record<string, string>>,
): Promise<Secret> {
  const { name = '' } = of.metadata;
  const certificate = KUBECONFIG_CERTIFICATES.admin;
  const data: Record<string, string> = {};
  for (const [key, server] of Object.entries(servers)) {
    data[key] = await issueKubeconfig({ server, clusterName: name, authority, certificate }, { now: new Date() });
  }
  return secret(of, namesOfControlPlane(name).adminKubeconfig, data);
}

function secret({ metadata }: TenantControlPlane, name: string, data: Readonly<Record<string, string>>): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      labels: { [labels.project]: PROJECT, [labels.name]: metadata.name ?? '' },
    },
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)])),
  };
}
