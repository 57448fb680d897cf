import { at, isFields, listAt, textAt } from '../object.ts';
import type { ApiObject } from '../object.ts';
import type { Strategy } from './strategy.ts';

/** A pod waits for a node; admission gives it its priority and the usual tolerations. */
export const pod: Strategy = {
  prepare(_core, object, before) {
    if (before !== undefined) return object;
    const spec = isFields(object['spec']) ? object['spec'] : {};
    const admitted = {
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
      ...spec,
      tolerations: tolerations(listAt(spec, 'tolerations')),
    };
    return { ...object, spec: admitted, status: { phase: 'Pending', qosClass: qosClass(object) } };
  },
};

function tolerations(given: readonly unknown[]): readonly unknown[] {
  const missing = ['not-ready', 'unreachable']
    .map((name) => `node.kubernetes.io/${name}`)
    .filter((key) => !given.some((one) => [key, undefined].includes(textAt(one, 'key'))));
  const added = missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }));
  return [...given, ...added];
}

// Kubernetes: pod quality of service classes.
function qosClass(object: ApiObject): string {
  const containers = [...listAt(object, 'spec', 'containers'), ...listAt(object, 'spec', 'initContainers')];
  const amounts = (one: unknown, kind: string): unknown[] =>
    ['cpu', 'memory'].map((resource) => at(one, 'resources', kind, resource));
  const isNothing = containers.every((one) => [...amounts(one, 'requests'), ...amounts(one, 'limits')].every(isAbsent));
  if (isNothing) return 'BestEffort';
  const isAll = containers.every((one) =>
    amounts(one, 'limits').every((limit, index) => !isAbsent(limit) && amounts(one, 'requests')[index] === limit),
  );
  return isAll ? 'Guaranteed' : 'Burstable';
}

function isAbsent(value: unknown): boolean {
  return value === undefined;
}
