import type { Core } from '../core.ts';
import type { ApiObject } from '../object.ts';
import type { FieldError } from '../status.ts';

/** What the server does to objects of one kind besides what it does to all (Kubernetes: `pkg/registry`). */
export interface Strategy {
  /** Fills in what only the server knows. Throws Refusal. */
  readonly prepare?: (core: Core, object: ApiObject, before: ApiObject | undefined) => ApiObject;
  readonly errors?: (core: Core, object: ApiObject, before: ApiObject | undefined) => readonly FieldError[];
}
