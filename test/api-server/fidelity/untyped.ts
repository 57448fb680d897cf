import type { Kind } from '#api/kinds.ts';
import type { Resource } from '#runtime/client/resource.ts';

/** The coordinates of a kind without the type of its objects, for requests that a typed client would not send. */
export function untyped({ group, version, kind, plural, namespaced }: Kind<unknown>): Resource {
  return { group, version, kind, plural, namespaced };
}
