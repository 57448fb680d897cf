import type { Strategy } from './strategy.ts';

/** A claim is kept while it is used (Kubernetes: the admission plugin StorageObjectInUseProtection). */
export const persistentVolumeClaim: Strategy = {
  prepare(_core, object, before) {
    if (before !== undefined) return object;
    const finalizers = [...new Set([...(object.metadata.finalizers ?? []), 'kubernetes.io/pvc-protection'])];
    return { ...object, metadata: { ...object.metadata, finalizers }, status: { phase: 'Pending' } };
  },
};
