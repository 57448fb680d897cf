import { at, listAt, withValue } from '../object.ts';
import type { Strategy } from './strategy.ts';

/** A new node is not ready (Kubernetes: the admission plugin TaintNodesByCondition). */
export const node: Strategy = {
  prepare(_core, object, before) {
    const taints = listAt(object, 'spec', 'taints');
    const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
    if (before !== undefined || taints.some((one) => at(one, 'key') === taint.key)) return object;
    return withValue(object, ['spec', 'taints'], [...taints, taint]);
  },
};
