import type {
  TenantControlPlaneConditionType,
  TenantControlPlaneReason,
} from '#api/kamaji/v1alpha1/tenant-control-plane-conditions.ts';

/** What a phase found out: a condition of the TenantControlPlane, before it is compared with the present one. */
export interface Finding<T extends TenantControlPlaneConditionType = TenantControlPlaneConditionType> {
  readonly type: T;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: TenantControlPlaneReason<T>;
  /** What is so, and where something is wrong what to do about it. */
  readonly message: string;
}

/** A phase's findings, and what it hands to later phases; absent when it has to wait or failed. */
export interface Outcome<V, T extends TenantControlPlaneConditionType = TenantControlPlaneConditionType> {
  readonly finding: Finding<T>;
  readonly value?: V;
  /** Look again after this time although nothing may happen: for causes that no watch reports. */
  readonly requeueAfterMs?: number;
  /** What to report to the queue as a failure, so that the pass is repeated with back-off. */
  readonly error?: Error;
}

/** A phase's value where nothing is to be said of it yet, or its outcome. */
export type Step<V, T extends TenantControlPlaneConditionType = TenantControlPlaneConditionType> =
  | Outcome<V, T>
  | { readonly value: V; readonly finding?: undefined };

/** Causes outside of what we watch are looked for again this often: a freed node port, a deleted Secret of somebody else. */
export const RECHECK_MS = 10_000;

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
