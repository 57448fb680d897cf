import { applyMergePatch } from '#runtime/client/merge-patch.ts';
import type { KubeObject } from '#runtime/client/resource.ts';
import type { TypeSchema } from '../schema/type-schema.ts';

/** A field that another manager has set to another value. */
export interface ApplyConflict {
  /** As the API server quotes it in a cause's message, after `conflict with `. */
  readonly manager: string;
  /** As in a cause's `field`: `.spec.replicas`. */
  readonly field: string;
}

/** What one apply request asks for. */
export interface ApplyInput {
  /** The stored object; undefined when there is none. */
  readonly live: KubeObject | undefined;
  readonly applied: KubeObject;
  readonly manager: string;
  readonly force: boolean;
  readonly subresource?: string;
  readonly schema: TypeSchema;
  /** RFC 3339, whole seconds. */
  readonly now: string;
}

/** A write that is no apply: create, update, merge patch. */
export interface UpdateInput {
  /** The stored object; undefined on create. */
  readonly before: KubeObject | undefined;
  /** The object as it is to be stored. */
  readonly after: KubeObject;
  readonly manager: string;
  readonly operation: 'Update';
  readonly subresource?: string;
  readonly schema: TypeSchema;
  /** RFC 3339, whole seconds. */
  readonly now: string;
}

/** The object that a server-side apply leads to, or the conflicts that it meets. */
export function applyConfiguration(
  input: ApplyInput,
): { readonly object: KubeObject } | { readonly conflicts: readonly ApplyConflict[] } {
  const merged = applyMergePatch(input.live ?? {}, input.applied);
  return { object: typeof merged === 'object' && merged !== null ? merged : input.applied };
}

/** `after` with the managedFields that the API server writes for it. */
export function trackUpdate(input: UpdateInput): KubeObject {
  return input.after;
}
