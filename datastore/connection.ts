import type { DriverName } from './driver.ts';

/** PEM texts of a TLS connection. */
export interface TlsMaterial {
  /** Authority that signed the server's certificate. */
  readonly ca: string;
  /** Key of that authority, where the manager signs client certificates of tenants with it (etcd). */
  readonly caKey?: string;
  /** The administrator's certificate and key: both or neither. */
  readonly client?: { readonly certificate: string; readonly key: string };
}

/** Everything needed to reach one store as its administrator. */
export interface ConnectionConfig {
  readonly driver: DriverName;
  /** `host:port`, at least one. */
  readonly endpoints: readonly string[];
  readonly tls?: TlsMaterial;
  readonly basicAuth?: { readonly username: string; readonly password: string };
  /** Changes when any of the above does. */
  readonly fingerprint: string;
}
