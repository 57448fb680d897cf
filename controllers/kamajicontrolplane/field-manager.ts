/** Who this controller is among the managers of an object's fields (Kubernetes: server-side apply). */
export const FIELD_MANAGER = 'kamaji-kamajicontrolplane';

/** Annotation on what it applies: the hash of what was applied last. */
export const APPLIED_HASH = 'kamaji.clastix.io/applied';

/** Whether a set of fields, as an object's `managedFields` have it, holds the one at that path (`f:spec`, `f:replicas`, …). */
export function ownsField(fields: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  if (typeof fields !== 'object' || fields === null) return false;
  const inner: unknown = Object.entries(fields).find(([key]) => key === name)?.[1];
  return inner !== undefined && ownsField(inner, rest);
}
