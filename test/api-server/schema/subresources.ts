import type { JsonObject } from './schema-node.ts';
import { isObject } from './schema-node.ts';

/** A path of member names. */
export type MemberPath = readonly string[];

/**
 * What a write to an endpoint leaves as it was (Kubernetes: the `GetResetFields` of each kind's strategy): a write to
 * the object leaves its status, one to `/status` its spec.
 */
export function resetPaths(
  kind: { readonly kind: string; readonly hasStatusSubresource: boolean },
  subresource: string | undefined,
): readonly MemberPath[] {
  if (!kind.hasStatusSubresource) return [];
  if (subresource !== 'status') return [['status'], ...(mainExtras[kind.kind] ?? [])];
  return [['spec'], ...(statusExtras[kind.kind] ?? [])];
}

const mainExtras: Readonly<Record<string, readonly MemberPath[]>> = {
  CertificateSigningRequest: [['spec']],
};

const statusExtras: Readonly<Record<string, readonly MemberPath[]>> = {
  CertificateSigningRequest: [['status', 'conditions']],
  CustomResourceDefinition: [['metadata']],
  Deployment: [['metadata', 'labels']],
  Pod: [
    ['metadata', 'deletionTimestamp'],
    ['metadata', 'ownerReferences'],
  ],
};

/** `after` with what stands at the paths in `before`. */
export function withPathsOf(after: JsonObject, before: JsonObject, paths: readonly MemberPath[]): JsonObject {
  return paths.reduce((result, path) => withPath(result, before, path), after);
}

function withPath(after: JsonObject, before: JsonObject, [name, ...rest]: MemberPath): JsonObject {
  if (name === undefined) return before;
  if (rest.length === 0) {
    const { [name]: _, ...others } = after;
    return Object.hasOwn(before, name) ? { ...after, [name]: before[name] } : others;
  }
  const inner = after[name];
  const source = before[name];
  return { ...after, [name]: withPath(isObject(inner) ? inner : {}, isObject(source) ? source : {}, rest) };
}
