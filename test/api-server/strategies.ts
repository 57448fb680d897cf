import type { ServedKind } from './served-kind.ts';
import { configMap } from './strategies/config-map.ts';
import { customResourceDefinition } from './strategies/custom-resource-definition.ts';
import { daemonSet } from './strategies/daemon-set.ts';
import { namespace } from './strategies/namespace.ts';
import { node } from './strategies/node.ts';
import { persistentVolumeClaim } from './strategies/persistent-volume-claim.ts';
import { pod } from './strategies/pod.ts';
import { roleBinding } from './strategies/role-binding.ts';
import { secret } from './strategies/secret.ts';
import { service } from './strategies/service.ts';
import { statefulSet, workload } from './strategies/workload.ts';
import type { Strategy } from './strategies/strategy.ts';

const strategies: Readonly<Record<string, Strategy>> = {
  '/ConfigMap': configMap,
  '/Node': node,
  '/PersistentVolumeClaim': persistentVolumeClaim,
  '/Namespace': namespace,
  '/Pod': pod,
  '/Secret': secret,
  '/Service': service,
  'apps/DaemonSet': daemonSet,
  'apps/Deployment': workload,
  'apps/ReplicaSet': workload,
  'apps/StatefulSet': statefulSet,
  'rbac.authorization.k8s.io/ClusterRoleBinding': roleBinding,
  'rbac.authorization.k8s.io/RoleBinding': roleBinding,
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinition,
};
const none: Strategy = {};

export function strategyOf(kind: ServedKind): Strategy {
  return strategies[`${kind.group}/${kind.kind}`] ?? none;
}
