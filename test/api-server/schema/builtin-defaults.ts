import type { DefaultsByDefinition } from './default-rules.ts';
import { both, fill, inMember, objectIn } from './default-rules.ts';
import { podDefaults } from './pod-defaults.ts';
import type { JsonObject, SchemaNode } from './schema-node.ts';
import { isObject } from './schema-node.ts';
import { workloadDefaults } from './workload-defaults.ts';

/**
 * An object of a built-in kind with its defaults: those that the schemas publish and those that only the API server's
 * code knows (Kubernetes: pkg/apis/<group>/v1/defaults.go). Addresses, ports and everything else that is allocated, and
 * what admission adds, are not defaults.
 */
export function defaultBuiltin(node: SchemaNode, object: JsonObject): JsonObject {
  return defaultStruct(node, object);
}

function defaultStruct(node: SchemaNode, value: JsonObject): JsonObject {
  const own = ownDefaults[node.definition ?? '']?.(value) ?? value;
  const result: Record<string, unknown> = { ...own };
  for (const [name, member] of Object.entries(node.properties ?? {})) {
    const current = own[name] ?? publishedDefault(member);
    if (current !== undefined) result[name] = defaultValue(member, current);
  }
  return result;
}

// Empty structs and empty texts are how a Go type is written, not what a default says.
function publishedDefault({ default: value }: SchemaNode): unknown {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function defaultValue(node: SchemaNode, value: unknown): unknown {
  if (isObject(value) && node.properties !== undefined) return defaultStruct(node, value);
  const { additionalProperties, items } = node;
  if (isObject(value) && isObject(additionalProperties)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, defaultValue(additionalProperties, one)]),
    );
  }
  return Array.isArray(value) && items !== undefined ? value.map((item) => defaultValue(items, item)) : value;
}

const rbacGroup = 'rbac.authorization.k8s.io';

function service(value: JsonObject): JsonObject {
  const filled = fill({ sessionAffinity: 'None', type: 'ClusterIP' })(value);
  const { type, sessionAffinity } = filled;
  const { sessionAffinityConfig, ...rest } = filled;
  const affinity = sessionAffinity === 'None' ? {} : { sessionAffinityConfig: affinityConfig(sessionAffinityConfig) };
  const isExternal = type === 'NodePort' || type === 'LoadBalancer' || Array.isArray(value['externalIPs']);
  return fill({
    ...(type === 'ExternalName' ? {} : { internalTrafficPolicy: 'Cluster' }),
    ...(isExternal ? { externalTrafficPolicy: 'Cluster' } : {}),
    ...(type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: true } : {}),
  })({ ...rest, ...affinity });
}

function affinityConfig(value: unknown): JsonObject {
  return inMember('clientIP', fill({ timeoutSeconds: 10_800 }))(isObject(value) ? value : {});
}

function networkPolicy(value: JsonObject): JsonObject {
  return fill({ policyTypes: value['egress'] === undefined ? ['Ingress'] : ['Ingress', 'Egress'] })(value);
}

function namespaceLabel(value: JsonObject): JsonObject {
  const { name } = objectIn(value, 'metadata');
  if (name === undefined) return value;
  const labels = (existing: JsonObject): JsonObject => ({ ...existing, 'kubernetes.io/metadata.name': name });
  return inMember('metadata', inMember('labels', labels))(value);
}

function crdNames(value: JsonObject): JsonObject {
  const { kind } = value;
  return typeof kind === 'string' ? fill({ singular: kind.toLowerCase(), listKind: `${kind}List` })(value) : value;
}

function crdStoredVersions(value: JsonObject): JsonObject {
  const { versions } = objectIn(value, 'spec');
  const stored: unknown =
    Array.isArray(versions) && versions.find((one: unknown) => isObject(one) && one['storage'] === true);
  const status = objectIn(value, 'status');
  if (!isObject(stored) || (Array.isArray(status['storedVersions']) && status['storedVersions'].length > 0))
    return value;
  return { ...value, status: { ...status, storedVersions: [stored['name']] } };
}

const webhook = {
  failurePolicy: 'Fail',
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
  timeoutSeconds: 10,
};

const core = 'io.k8s.api.core.v1';

const admission = 'io.k8s.api.admissionregistration.v1';

const extensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

const ownDefaults: DefaultsByDefinition = {
  ...podDefaults,
  ...workloadDefaults,
  [`${core}.Secret`]: fill({ type: 'Opaque' }),
  [`${core}.ServiceSpec`]: service,
  [`${core}.ServicePort`]: (value) => fill({ targetPort: value['port'] })(value),
  [`${core}.EndpointPort`]: fill({ protocol: 'TCP' }),
  [`${core}.PersistentVolumeClaimSpec`]: fill({ volumeMode: 'Filesystem' }),
  [`${core}.PersistentVolumeClaimStatus`]: fill({ phase: 'Pending' }),
  [`${core}.PersistentVolumeSpec`]: fill({ persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }),
  [`${core}.PersistentVolumeStatus`]: fill({ phase: 'Pending' }),
  [`${core}.Namespace`]: namespaceLabel,
  [`${core}.NamespaceStatus`]: fill({ phase: 'Active' }),
  [`${core}.NodeStatus`]: (value) =>
    value['capacity'] === undefined ? value : fill({ allocatable: value['capacity'] })(value),
  'io.k8s.api.networking.v1.NetworkPolicyPort': fill({ protocol: 'TCP' }),
  'io.k8s.api.networking.v1.NetworkPolicySpec': networkPolicy,
  'io.k8s.api.rbac.v1.RoleRef': (value) => ({
    ...value,
    apiGroup: value['apiGroup'] === '' ? rbacGroup : value['apiGroup'],
  }),
  'io.k8s.api.rbac.v1.Subject': (value) =>
    value['kind'] === 'ServiceAccount' ? value : fill({ apiGroup: rbacGroup })(value),
  'io.k8s.api.discovery.v1.EndpointPort': fill({ name: '', protocol: 'TCP' }),
  'io.k8s.api.storage.v1.StorageClass': fill({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  [`${admission}.MutatingWebhook`]: fill({ ...webhook, reinvocationPolicy: 'Never' }),
  [`${admission}.ValidatingWebhook`]: fill(webhook),
  [`${admission}.RuleWithOperations`]: fill({ scope: '*' }),
  [`${admission}.ServiceReference`]: fill({ port: 443 }),
  [`${extensions}.CustomResourceDefinition`]: crdStoredVersions,
  [`${extensions}.CustomResourceDefinitionSpec`]: both(
    fill({ conversion: { strategy: 'None' } }),
    inMember('names', crdNames),
  ),
  [`${extensions}.ServiceReference`]: fill({ port: 443 }),
};
