/** Who this controller is among the managers of an object's fields (Kubernetes: server-side apply). */
export const FIELD_MANAGER = 'kamaji-kamajicontrolplane';

/** Annotation on what it applies: the hash of what was applied last. */
export const APPLIED_HASH = 'kamaji.clastix.io/applied';
