import { labels, PROJECT } from '#api/labels.ts';

/** Metadata of an object that we put inside a tenant. */
export interface TenantObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An object that we put inside a tenant, complete and ready to be applied. */
export interface TenantObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: TenantObjectMeta;
}

export interface ConfigMap extends TenantObject {
  readonly kind: 'ConfigMap';
  readonly data: Readonly<Record<string, string>>;
}

export interface Secret extends TenantObject {
  readonly kind: 'Secret';
  readonly type: string;
  /** Values in base64. */
  readonly data: Readonly<Record<string, string>>;
}

/** One rule of a Role or ClusterRole (Kubernetes: rbac/v1 PolicyRule). */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface Role extends TenantObject {
  readonly kind: 'Role' | 'ClusterRole';
  readonly rules: readonly Rule[];
}

export interface Binding extends TenantObject {
  readonly kind: 'RoleBinding' | 'ClusterRoleBinding';
  readonly roleRef: { readonly apiGroup: string; readonly kind: 'Role' | 'ClusterRole'; readonly name: string };
  readonly subjects: readonly Subject[];
}

/** Who a binding is for. */
export interface Subject {
  readonly apiGroup: string;
  readonly kind: 'User' | 'Group';
  readonly name: string;
}

const RBAC = 'rbac.authorization.k8s.io';

/** Group of the tokens with which nodes join (Kubernetes: kubeadm's NodeBootstrapTokenAuthGroup). */
export const BOOTSTRAPPERS: Subject = group('system:bootstrappers:kubeadm:default-node-token');

/** Group of all nodes that have joined. */
export const NODES: Subject = group('system:nodes');

export function group(name: string): Subject {
  return { apiGroup: RBAC, kind: 'Group', name };
}

export function user(name: string): Subject {
  return { apiGroup: RBAC, kind: 'User', name };
}

export function configMap(namespace: string, name: string, data: Readonly<Record<string, string>>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta(name, namespace), data };
}

/** A Secret of plain texts. */
export function secret(namespace: string, name: string, type: string, texts: Readonly<Record<string, string>>): Secret {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: meta(name, namespace), type, data };
}

export function clusterRole(name: string, rules: readonly Rule[]): Role {
  return { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: meta(name), rules };
}

export function clusterRoleBinding(name: string, role: string, subjects: readonly Subject[]): Binding {
  const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name: role } as const;
  return { apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: meta(name), roleRef, subjects };
}

/** A Role that lets the subjects read one ConfigMap of its namespace, and its RoleBinding of the same name. */
export function configMapReaders(
  namespace: string,
  name: string,
  configMapName: string,
  subjects: readonly Subject[],
): readonly [Role, Binding] {
  const metadata = meta(name, namespace);
  const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames: [configMapName] };
  const roleRef = { apiGroup: RBAC, kind: 'Role', name } as const;
  return [
    { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules: [rule] },
    { apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata, roleRef, subjects },
  ];
}

function meta(name: string, namespace?: string): TenantObjectMeta {
  return { name, ...(namespace === undefined ? {} : { namespace }), labels: { [labels.project]: PROJECT } };
}
