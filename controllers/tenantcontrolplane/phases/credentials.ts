import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { DEFAULT_CLUSTER_DOMAIN } from '#api/kamaji/v1alpha1/defaults.ts';
import type { ControlPlaneAddress } from '#controlplane/address.ts';
import { hostPort } from '#controlplane/address.ts';
import type { NamesOfControlPlane } from '#controlplane/names.ts';
import { networksOf } from '#controlplane/networks.ts';
import type { ServingNames } from '#pki/control-plane.ts';
import { serviceHost } from '#tenant/access.ts';
import type { Reissued, SecretDraft } from '../secrets.ts';
import type { Authorities } from './authorities.ts';
import type { IssuingInput } from './certificates.ts';
import { certificateWishes, grantWish } from './certificates.ts';
import { grantKubeconfigs, kubeconfigWishes } from './kubeconfigs.ts';

/** Every certificate and kubeconfig of a control plane beside its authorities. */
export interface Credentials {
  readonly drafts: readonly SecretDraft[];
  /** When the first of them is due for renewal. */
  readonly renewAt: Date;
  readonly reissued: readonly Reissued[];
}

export interface CredentialsInput extends IssuingInput {
  readonly tenantControlPlane: TenantControlPlane;
  readonly names: NamesOfControlPlane;
  readonly authorities: Authorities;
  readonly address: ControlPlaneAddress;
  readonly konnectivity: boolean;
}

/** Plans all that hangs on the control plane's address. */
export async function planCredentials(input: CredentialsInput): Promise<Credentials> {
  const { tenantControlPlane, names, authorities, address, konnectivity } = input;
  const name = tenantControlPlane.metadata.name ?? '';
  const servers = {
    published: `https://${address.advertisedEndpoint}`,
    service: `https://${serviceHost(tenantControlPlane)}:${address.port}`,
    loopback: `https://${hostPort('127.0.0.1', address.port)}`,
  };
  const [certificates, kubeconfigs] = await Promise.all([
    Promise.all(
      certificateWishes(names, authorities, servingNamesOf(tenantControlPlane, address), konnectivity).map((wish) =>
        grantWish(wish, input),
      ),
    ),
    Promise.all(
      kubeconfigWishes(names, servers, konnectivity).map((wish) => grantKubeconfigs(wish, name, authorities.ca, input)),
    ),
  ]);
  return {
    drafts: [...certificates, ...kubeconfigs].map(({ draft }) => draft),
    renewAt: new Date(Math.min(...[...certificates, ...kubeconfigs].map(({ renewAt }) => renewAt.getTime()))),
    reissued: [
      ...certificates.flatMap(({ draft, reissue }) =>
        reissue === undefined ? [] : [{ secretName: draft.name, ...reissue }],
      ),
      ...kubeconfigs.flatMap(({ draft, reissued: [first] }) =>
        first === undefined ? [] : [{ secretName: draft.name, ...first }],
      ),
    ],
  };
}

function servingNamesOf(tenantControlPlane: TenantControlPlane, address: ControlPlaneAddress): ServingNames {
  const { networkProfile, controlPlane } = tenantControlPlane.spec;
  return {
    name: tenantControlPlane.metadata.name ?? '',
    namespace: tenantControlPlane.metadata.namespace ?? '',
    clusterDomain: networkProfile?.clusterDomain ?? DEFAULT_CLUSTER_DOMAIN,
    managementDomain: DEFAULT_CLUSTER_DOMAIN,
    serviceCidrs: networksOf(tenantControlPlane).serviceCidrs,
    hosts: [
      address.address,
      address.advertiseAddress,
      ...(controlPlane.ingress?.hostname ? [controlPlane.ingress.hostname.replace(/:\d+$/u, '')] : []),
      ...(controlPlane.gateway?.hostname === undefined ? [] : [controlPlane.gateway.hostname]),
    ],
    certSANs: networkProfile?.certSANs ?? [],
  };
}
