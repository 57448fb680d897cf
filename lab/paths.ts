import { join } from 'node:path';
import { stateDirectory } from './cache-directory.ts';

/** The root of the checkout that this program belongs to. */
export const checkout = join(import.meta.dirname, '..');

/** Name of the kind cluster; its one node is the container `kamaji-control-plane`. */
export const clusterName = 'kamaji';
export const nodeContainer = `${clusterName}-control-plane`;

/** The Docker network that kind and CAPD both use; CAPD's name for it cannot be changed. */
export const dockerNetwork = 'kind';

/** Every file that the lab writes outside its caches. All of them go with `lab down`. */
export interface LabPaths {
  readonly directory: string;
  /** Links to kubectl, clusterctl and kind, for the user's PATH. */
  readonly binDirectory: string;
  /** Admin kubeconfig of the management cluster. */
  readonly kubeconfig: string;
  readonly kindConfig: string;
  /** What the running management cluster was made of. */
  readonly clusterRecord: string;
  /** Mounted into the node: `policy.yaml` and the API server's `audit.log`. */
  readonly auditDirectory: string;
  /** clusterctl's local repository and configuration. */
  readonly repository: string;
  readonly clusterctlConfig: string;
}

export function labPaths(directory: string = stateDirectory()): LabPaths {
  return Object.freeze({
    directory,
    binDirectory: join(directory, 'bin'),
    kubeconfig: join(directory, 'kubeconfig'),
    kindConfig: join(directory, 'kind.yaml'),
    clusterRecord: join(directory, 'cluster.json'),
    auditDirectory: join(directory, 'audit'),
    repository: join(directory, 'repository'),
    clusterctlConfig: join(directory, 'clusterctl.yaml'),
  });
}
