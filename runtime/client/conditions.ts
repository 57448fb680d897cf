import type { Clock } from '../clock.ts';

/** Kubernetes: `metav1.Condition`. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  observedGeneration?: number;
  /** RFC 3339, seconds precision: when `status` last changed. */
  lastTransitionTime: string;
  reason: string;
  message: string;
}

/** A condition as a reconciler states it; when it changed follows from the present one. */
export interface ConditionState {
  readonly type: string;
  readonly status: Condition['status'];
  readonly observedGeneration?: number | undefined;
  readonly reason: string;
  readonly message: string;
}

/**
 * The conditions with `states` put over `current`, sorted by type. Types not named in `states` stay as they are;
 * `lastTransitionTime` moves only where `status` changes.
 */
export function setConditions(
  current: readonly Condition[] | undefined,
  states: readonly ConditionState[],
  clock: Pick<Clock, 'now'>,
): Condition[] {
  const byType = new Map((current ?? []).map((condition) => [condition.type, condition]));
  for (const state of states) {
    const before = byType.get(state.type);
    const { observedGeneration } = state;
    byType.set(state.type, {
      type: state.type,
      status: state.status,
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
      lastTransitionTime: before?.status === state.status ? before.lastTransitionTime : secondsPrecision(clock.now()),
      reason: state.reason,
      message: state.message,
    });
  }
  return [...byType.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
}

export function findCondition<C extends { readonly type: string }>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(
  conditions: readonly { readonly type: string; readonly status: string }[] | undefined,
  type: string,
): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

/** A time as `metav1.Time` serialises it: RFC 3339 in UTC without fractions. */
export function secondsPrecision(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
