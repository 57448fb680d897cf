import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';

/** Everything that the pods of one control plane depend on. */
export interface ControlPlaneInput {
  readonly tenantControlPlane: TenantControlPlane;
  /** IP address under which the tenant's nodes and pods reach the API server (`addressOf`). */
  readonly advertiseAddress: string;
  readonly storage: Storage;
  /** Absent where the tunnel to the nodes is off for this tenant (`status.addons.konnectivity.enabled`). */
  readonly konnectivity?: KonnectivityServer;
  readonly checksums: Checksums;
  /**
   * The Secret of the CA holds a bundle, and the one certificate that belongs to its key apart from that (`SIGNER_KEY`). Default:
   * it holds one certificate.
   */
  readonly caIsBundle?: boolean;
}

/** The konnectivity server beside the API server; `konnectivityOf` of the addons says which. */
export interface KonnectivityServer {
  /** With its tag. */
  readonly serverImage: string;
  /** Whether servers announce themselves by leases, so that their number is no argument and scaling replaces no pod. */
  readonly countByLeases: boolean;
}

/** Where the API server keeps its objects. */
export type Storage = EtcdStorage | KineStorage;

/** An etcd that the API server talks to itself, over TLS with the certificate of the Secret `datastoreCertificate`. */
export interface EtcdStorage {
  readonly driver: 'etcd';
  /** Name of the DataStore. */
  readonly dataStore: string;
  /** As `host:port`. */
  readonly endpoints: readonly string[];
  /** The tenant's key prefix without slashes. */
  readonly schema: string;
  /** Resources kept on other etcds, which accept the same certificate. */
  readonly overrides?: readonly { readonly resource: string; readonly endpoints: readonly string[] }[];
}

/** A store of another kind behind kine, with credentials from the Secret `datastoreConfig`. */
export interface KineStorage {
  readonly driver: 'MySQL' | 'PostgreSQL' | 'NATS';
  readonly dataStore: string;
  /** Image of kine with its tag. */
  readonly kineImage: string;
  /** What the Secret `datastoreCertificate` holds. */
  readonly tls: 'none' | 'authority' | 'authority-and-client-certificate';
  /** Whether the Secret `datastoreConfig` names several servers, of which one at a time accepts changes. */
  readonly severalServers?: boolean;
}

/**
 * A hash per Secret or ConfigMap that the pods read, over all of its data: pods are replaced when one changes. At most 63
 * characters of letters, digits, `-`, `_`, `.`, since they become label values.
 */
export interface Checksums {
  readonly ca: string;
  readonly frontProxyCa: string;
  readonly serviceAccount: string;
  readonly apiServerCertificate: string;
  readonly apiServerKubeletClient: string;
  readonly frontProxyClient: string;
  readonly controllerManagerKubeconfig: string;
  readonly schedulerKubeconfig: string;
  readonly datastoreConfig: string;
  /** Absent with a store that needs no certificate. */
  readonly datastoreCertificate?: string;
  /** With konnectivity only. */
  readonly konnectivityKubeconfig?: string;
  /** With konnectivity only. */
  readonly egressSelectorConfiguration?: string;
}
