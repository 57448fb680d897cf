/**
 * One rule of a ClusterRole (Kubernetes: rbac/v1 PolicyRule). Each controller exports its own as
 * `rules: readonly PolicyRule[]` from its `rbac.ts`; the install manifests are made of them.
 */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly ('get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete')[];
  readonly resourceNames?: readonly string[];
}
