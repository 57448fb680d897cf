import type { Condition, ObjectMeta } from '../meta.ts';

/** Host and port of a Kubernetes API server. */
export interface ApiEndpoint {
  host?: string;
  port?: number;
}

/** A reference by group, kind and name within the same namespace (Cluster API: ContractVersionedObjectReference). */
export interface ContractReference {
  apiGroup: string;
  kind: string;
  name: string;
}

/** What this project reads of `clusters.cluster.x-k8s.io` v1beta2. */
export interface Cluster {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: {
    paused?: boolean;
    clusterNetwork?: {
      apiServerPort?: number;
      services?: { cidrBlocks?: string[] };
      pods?: { cidrBlocks?: string[] };
      serviceDomain?: string;
    };
    controlPlaneEndpoint?: ApiEndpoint;
    controlPlaneRef?: ContractReference;
    infrastructureRef?: ContractReference;
    topology?: { version?: string };
  };
  status?: {
    initialization?: { infrastructureProvisioned?: boolean; controlPlaneInitialized?: boolean };
    phase?: string;
    conditions?: Condition[];
  };
}
