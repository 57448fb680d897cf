import type { ObjectMeta } from '../meta.ts';
import type { ContractReference } from './cluster.ts';

/** What this project reads and writes of `machinedeployments.cluster.x-k8s.io` v1beta2. */
export interface MachineDeployment {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: {
    clusterName?: string;
    template?: { spec?: { version?: string; infrastructureRef?: ContractReference } };
  };
}
