import type { ServedKind } from './served-kind.ts';
import { configMap } from './strategies/config-map.ts';
import { customResourceDefinition } from './strategies/custom-resource-definition.ts';
import { namespace } from './strategies/namespace.ts';
import { pod } from './strategies/pod.ts';
import { secret } from './strategies/secret.ts';
import { service } from './strategies/service.ts';
import { statefulSet, workload } from './strategies/workload.ts';
import type { Strategy } from './strategies/strategy.ts';

const strategies: Readonly<Record<string, Strategy>> = {
  '/ConfigMap': configMap,
  '/Namespace': namespace,
  '/Pod': pod,
  '/Secret': secret,
  '/Service': service,
  'apps/Deployment': workload,
  'apps/ReplicaSet': workload,
  'apps/StatefulSet': statefulSet,
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinition,
};
const none: Strategy = {};

export function strategyOf(kind: ServedKind): Strategy {
  return strategies[`${kind.group}/${kind.kind}`] ?? none;
}
