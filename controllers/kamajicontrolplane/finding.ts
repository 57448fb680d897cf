import type {
  KamajiControlPlaneConditionType,
  KamajiControlPlaneReason,
} from '#api/controlplane/v1alpha2/conditions.ts';

/** What a phase found out: a condition of the KamajiControlPlane, before it is compared with the present one. */
export interface Finding<T extends KamajiControlPlaneConditionType = KamajiControlPlaneConditionType> {
  readonly type: T;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: KamajiControlPlaneReason<T>;
  /** What is so, and where something is wrong what to do about it. */
  readonly message: string;
}

/** A phase's finding, and what it hands to later phases; absent when it has to wait or failed. */
export interface Outcome<V, T extends KamajiControlPlaneConditionType = KamajiControlPlaneConditionType> {
  readonly finding: Finding<T>;
  readonly value?: V;
  /** Look again after this time although nothing may happen: for causes that no watch reports. */
  readonly requeueAfterMs?: number;
  /** What to report to the queue as a failure, so that the pass is repeated with back-off. */
  readonly error?: unknown;
}

/** Causes outside of what we watch are looked for again this often. */
export const RECHECK_MS = 10_000;

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
