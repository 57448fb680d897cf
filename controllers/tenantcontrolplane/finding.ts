import type {
  tenantControlPlaneConditions,
  TenantControlPlaneConditionType,
} from '#api/kamaji/v1alpha1/tenant-control-plane-conditions.ts';
import type { FindingOf, OutcomeOf } from '#runtime/controller/finding.ts';

/** What a phase found out: a condition of the TenantControlPlane. */
export type Finding<T extends TenantControlPlaneConditionType = TenantControlPlaneConditionType> = FindingOf<
  typeof tenantControlPlaneConditions,
  T
>;

/** A phase's finding, and what it hands to later phases. */
export type Outcome<V, T extends TenantControlPlaneConditionType = TenantControlPlaneConditionType> = OutcomeOf<
  Finding<T>,
  V
>;

/** A phase's value where nothing is to be said of it yet, or its outcome. */
export type Step<V, T extends TenantControlPlaneConditionType = TenantControlPlaneConditionType> =
  | Outcome<V, T>
  | { readonly value: V; readonly finding?: undefined };
