import type { KubeconfigGenerator } from '#api/kamaji/v1alpha1/kubeconfig-generator.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Namespace } from '#runtime/client/builtin.ts';
import { compileLabelSelector, LabelSelectorError, type Matches } from './label-selector.ts';
import type { Problem } from './finding.ts';

/** Which tenants a generator is for. */
export interface Selection {
  /** Whether tenants of that namespace count, were they to match; undefined for a namespace that is not there. */
  readonly namespace: (namespace: Namespace | undefined) => boolean;
  readonly tenant: (tenant: TenantControlPlane) => boolean;
}

/** The selection of a generator, or why its selectors mean nothing. What is being deleted is never selected. */
export function selectionOf({ spec }: KubeconfigGenerator): Selection | Problem {
  const namespaces = compiled('namespaceSelector', spec.namespaceSelector);
  if (typeof namespaces !== 'function') return namespaces;
  const tenants = compiled('tenantControlPlaneSelector', spec.tenantControlPlaneSelector);
  if (typeof tenants !== 'function') return tenants;
  return {
    namespace: (namespace) =>
      namespace !== undefined &&
      namespace.metadata?.deletionTimestamp === undefined &&
      namespaces(namespace.metadata?.labels),
    tenant: ({ metadata }) => metadata.deletionTimestamp === undefined && tenants(metadata.labels),
  };
}

function compiled(field: string, selector: Parameters<typeof compileLabelSelector>[0]): Matches | Problem {
  try {
    return compileLabelSelector(selector);
  } catch (error) {
    if (!(error instanceof LabelSelectorError)) throw error;
    const message = `spec.${field} is no selector: ${error.message}: correct it; nothing is made or removed until then`;
    return { reason: 'SelectorInvalid', message };
  }
}
