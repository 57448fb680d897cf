import { at, withValue } from '../object.ts';
import type { Strategy } from './strategy.ts';

/** A namespace is Active until it is deleted, and then held until it is empty. */
export const namespace: Strategy = {
  prepare(_core, object, before) {
    const { metadata } = object;
    const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name ?? '' };
    const finalizers = before === undefined ? ['kubernetes'] : at(before, 'spec', 'finalizers');
    const named = { ...withValue(object, ['spec', 'finalizers'], finalizers), metadata: { ...metadata, labels } };
    return before === undefined ? { ...named, status: { phase: 'Active' } } : named;
  },
};
