import type { CallOptions, Writer } from './client.ts';
import { ApiError } from './errors.ts';
import { applyMergePatch, createMergePatch } from './merge-patch.ts';
import type { MergePatch } from './merge-patch.ts';
import { keyOf } from './resource.ts';
import type { KubeObject, Resource } from './resource.ts';

/** The type of an object's status. */
export type StatusOf<T> = T extends { status?: infer S } ? NonNullable<S> : never;

export interface Written<T> {
  /** The object as the server has it now; the one passed in when nothing was written. */
  readonly object: T;
  readonly changed: boolean;
}

/**
 * Writes the part of `status` that `patch` changes, in one JSON merge patch of the status subresource that holds only
 * if `object` is still the newest (a stale one is an ApiError with `isConflict`). Sends nothing when `object` already
 * has that status. Fields of the status that the patch does not name stay; null removes; arrays are replaced whole.
 */
export async function patchStatus<T extends KubeObject>(
  client: Pick<Writer, 'mergePatch'>,
  resource: Resource<T>,
  object: T,
  patch: MergePatch<StatusOf<T>>,
  options?: CallOptions & { readonly fieldManager?: string },
): Promise<Written<T>> {
  const current = (object as { readonly status?: unknown }).status ?? {};
  // As it will be on the wire: undefined members compare as absent, also inside arrays.
  const wirePatch: unknown = JSON.parse(JSON.stringify(patch));
  const change = createMergePatch(current, applyMergePatch(current, wirePatch));
  if (change === undefined) return { object, changed: false };
  const body = { metadata: { resourceVersion: resourceVersionOf(object) }, status: change };
  const written = await client.mergePatch(resource, keyOf(object), body, { ...options, subresource: 'status' });
  return { object: written, changed: true };
}

/** Adds the finalizer unless the object has it; conflicts as `patchStatus`. */
export async function addFinalizer<T extends KubeObject>(
  client: Pick<Writer, 'mergePatch'>,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  options?: CallOptions,
): Promise<Written<T>> {
  const finalizers = object.metadata?.finalizers ?? [];
  if (finalizers.includes(finalizer)) return { object, changed: false };
  const written = await patchFinalizers(client, resource, object, [...finalizers, finalizer], options);
  return { object: written, changed: true };
}

/** Removes the finalizer if the object has it; an object that is gone already is no error. Conflicts as `patchStatus`. */
export async function removeFinalizer<T extends KubeObject>(
  client: Pick<Writer, 'mergePatch'>,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  options?: CallOptions,
): Promise<Written<T>> {
  const finalizers = object.metadata?.finalizers ?? [];
  if (!finalizers.includes(finalizer)) return { object, changed: false };
  const left = finalizers.filter((name) => name !== finalizer);
  try {
    return { object: await patchFinalizers(client, resource, object, left, options), changed: true };
  } catch (error) {
    if (error instanceof ApiError && error.isNotFound) return { object, changed: false };
    throw error;
  }
}

function patchFinalizers<T extends KubeObject>(
  client: Pick<Writer, 'mergePatch'>,
  resource: Resource<T>,
  object: T,
  finalizers: readonly string[],
  options: CallOptions | undefined,
): Promise<T> {
  const metadata = { resourceVersion: resourceVersionOf(object), finalizers };
  return client.mergePatch(resource, keyOf(object), { metadata }, options);
}

// Without it the patch would be unconditional, a blind overwrite.
function resourceVersionOf(object: KubeObject): string {
  const resourceVersion = object.metadata?.resourceVersion;
  if (resourceVersion === undefined) throw new TypeError(`${object.kind ?? 'object'} was never read from the server`);
  return resourceVersion;
}
