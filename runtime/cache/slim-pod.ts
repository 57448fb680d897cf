import type { Pod } from '../client/builtin.ts';

/**
 * What whoever runs pods has to know of one, as `transform` of an informer: who it is, what it runs and how that goes. Most of a pod is
 * volumes, probes, arguments and environments, and there may be thousands in memory.
 */
export function slimPod({ apiVersion, kind, metadata, spec, status }: Pod): Pod {
  const { annotations: _annotations, ownerReferences: _owners, ...identity } = metadata ?? {};
  const containers = (spec?.containers ?? []).map(({ name, image }) => ({ name, ...(image && { image }) }));
  const { conditions, containerStatuses, initContainerStatuses } = status ?? {};
  return {
    ...(apiVersion && { apiVersion }),
    ...(kind && { kind }),
    metadata: identity,
    spec: { containers },
    status: {
      ...(conditions && { conditions }),
      ...(containerStatuses && { containerStatuses }),
      ...(initContainerStatuses && { initContainerStatuses }),
    },
  };
}
