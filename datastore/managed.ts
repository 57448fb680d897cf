import { createHash } from 'node:crypto';

/** Names of the objects that make up an etcd which we run for one DataStore, all in the manager's namespace. */
export interface ManagedNames {
  /** StatefulSet, Service for clients, PodDisruptionBudget, NetworkPolicy. */
  readonly base: string;
  /** Headless Service that gives each member its name. */
  readonly peers: string;
  /** Secret of the certificate authority: `tls.crt`, `tls.key`. It signs members, the administrator and all tenants. */
  readonly caSecret: string;
  /** Secret of the certificate that members show to clients: `tls.crt`, `tls.key`, `ca.crt`. */
  readonly serverSecret: string;
  /** Secret of the certificate that members show to each other; its authority is one of its own. */
  readonly peerSecret: string;
  /** Secret of the authority of `peerSecret`. No tenant's certificate is ever signed with it. */
  readonly peerCaSecret: string;
  /** Secret of the administrator's client certificate (common name `root`). */
  readonly clientSecret: string;
}

/** Port on which a managed etcd serves clients. */
export const ETCD_CLIENT_PORT = 2379;

/** On every object of a managed store and on its pods and volumes; the value is the base of its names. */
export const MANAGED_LABEL = 'kamaji.clastix.io/managed-datastore';

/** Labels by which the pods of a managed store are found. */
export function managedPodLabels(dataStoreName: string): { [key: string]: string } {
  return { [MANAGED_LABEL]: managedNames(dataStoreName).base };
}

/** Keys of the Secrets above (Kubernetes: type kubernetes.io/tls, plus the authority). */
export const secretKeys = { certificate: 'tls.crt', privateKey: 'tls.key', authority: 'ca.crt' } as const;

/** Names for the DataStore of that name: `<name>-etcd…`, or shortened with a hash where that is no valid name for a Service. */
export function managedNames(dataStoreName: string): ManagedNames {
  const base = baseName(dataStoreName);
  return {
    base,
    peers: `${base}-peers`,
    caSecret: `${base}-ca`,
    serverSecret: `${base}-server`,
    peerSecret: `${base}-peer`,
    peerCaSecret: `${base}-peer-ca`,
    clientSecret: `${base}-root-client`,
  };
}

/** Host under which everyone, the manager and every tenant's API server, reaches the store. */
export function managedHost(dataStoreName: string, namespace: string): string {
  return `${managedNames(dataStoreName).base}.${namespace}.svc`;
}

// A Service name is a DNS label that begins with a letter (RFC 1035); 40 leaves room for the suffixes above and for those that
// StatefulSets add to the names and labels of pods.
function baseName(dataStoreName: string): string {
  const plain = `${dataStoreName}-etcd`;
  if (plain.length <= 40 && /^[a-z][a-z0-9-]*$/u.test(plain)) return plain;
  const hash = createHash('sha256').update(dataStoreName).digest('hex').slice(0, 10);
  const readable = dataStoreName
    .replaceAll(/[^a-z0-9-]/gu, '-')
    .replace(/^[^a-z]+/u, '')
    .slice(0, 20);
  return `${readable === '' ? 'ds' : readable.replace(/-+$/u, '')}-${hash}-etcd`;
}
