import type { JsonObject, SchemaNode } from './schema-node.ts';
import { isObject } from './schema-node.ts';

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

type Defaults = (value: JsonObject) => JsonObject;

/** Adds what is absent. */
function fill(defaults: JsonObject): Defaults {
  return (value) => {
    const missing = Object.entries(defaults).filter(([name]) => value[name] === undefined);
    return missing.length === 0 ? value : { ...value, ...Object.fromEntries(missing) };
  };
}

function inMember(name: string, defaults: Defaults): Defaults {
  return (value) => ({ ...value, [name]: defaults(objectIn(value, name)) });
}

function objectIn(value: JsonObject, name: string): JsonObject {
  const member = value[name];
  return isObject(member) ? member : {};
}

/** The old name of the field is written along with the new one. */
function withBothNamesOfServiceAccount(spec: JsonObject): JsonObject {
  const name = spec['serviceAccountName'] ?? spec['serviceAccount'];
  return name === undefined ? spec : { ...spec, serviceAccountName: name, serviceAccount: name };
}

function both(first: Defaults, second: Defaults): Defaults {
  return (value) => second(first(value));
}

const rbacGroup = 'rbac.authorization.k8s.io';

function rollingUpdate(defaults: JsonObject): Defaults {
  return (strategy) => {
    const typed = fill({ type: 'RollingUpdate' })(strategy);
    return typed['type'] === 'RollingUpdate' ? inMember('rollingUpdate', fill(defaults))(typed) : typed;
  };
}

const probe = fill({ timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
const fileMode = fill({ defaultMode: 0o644 });

function container(value: JsonObject): JsonObject {
  return fill({
    imagePullPolicy: pullPolicy(value['image']),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  })(value);
}

function pullPolicy(image: unknown): string {
  const name = (typeof image === 'string' ? image : '').split('/').at(-1) ?? '';
  const isPinned = name.includes('@') || (name.includes(':') && !name.endsWith(':latest'));
  return isPinned || name === '' ? 'IfNotPresent' : 'Always';
}

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

function volume(value: JsonObject): JsonObject {
  return Object.keys(value).some((name) => name !== 'name') ? value : { ...value, emptyDir: {} };
}

function networkPolicy(value: JsonObject): JsonObject {
  return fill({ policyTypes: value['egress'] === undefined ? ['Ingress'] : ['Ingress', 'Egress'] })(value);
}

function job(value: JsonObject): JsonObject {
  const { completions, parallelism, podFailurePolicy, backoffLimitPerIndex } = value;
  return fill({
    ...(completions === undefined && parallelism === undefined ? { completions: 1 } : {}),
    parallelism: 1,
    backoffLimit: backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
    manualSelector: false,
  })(value);
}

function jobLabels(value: JsonObject): JsonObject {
  const { labels } = objectIn(objectIn(objectIn(value, 'spec'), 'template'), 'metadata');
  return labels === undefined ? value : inMember('metadata', fill({ labels }))(value);
}

function pod(value: JsonObject): JsonObject {
  const spec = objectIn(value, 'spec');
  const changed = { ...spec };
  for (const name of ['containers', 'initContainers']) {
    const list = spec[name];
    if (Array.isArray(list))
      changed[name] = list.map((one: unknown) => podContainer(one, spec['hostNetwork'] === true));
  }
  return { ...value, spec: fill({ enableServiceLinks: true })(changed) };
}

function podContainer(value: unknown, hostNetwork: boolean): unknown {
  if (!isObject(value)) return value;
  const { limits } = objectIn(value, 'resources');
  const limited = isObject(limits) ? inMember('resources', inMember('requests', fill(limits)))(value) : value;
  const { ports } = limited;
  if (!hostNetwork || !Array.isArray(ports)) return limited;
  const hostPorts = ports.map((port: unknown) =>
    isObject(port) ? fill({ hostPort: port['containerPort'] })(port) : port,
  );
  return { ...limited, ports: hostPorts };
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
const apps = 'io.k8s.api.apps.v1';
const admission = 'io.k8s.api.admissionregistration.v1';
const extensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

const ownDefaults: Readonly<Record<string, Defaults>> = {
  [`${core}.Container`]: container,
  [`${core}.EphemeralContainer`]: container,
  [`${core}.PodSpec`]: both(
    withBothNamesOfServiceAccount,
    fill({
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    }),
  ),
  [`${core}.Pod`]: pod,
  [`${core}.Probe`]: probe,
  [`${core}.HTTPGetAction`]: fill({ path: '/', scheme: 'HTTP' }),
  [`${core}.GRPCAction`]: fill({ service: '' }),
  [`${core}.Volume`]: volume,
  [`${core}.SecretVolumeSource`]: fileMode,
  [`${core}.ConfigMapVolumeSource`]: fileMode,
  [`${core}.DownwardAPIVolumeSource`]: fileMode,
  [`${core}.ProjectedVolumeSource`]: fileMode,
  [`${core}.ServiceAccountTokenProjection`]: fill({ expirationSeconds: 3600 }),
  [`${core}.HostPathVolumeSource`]: fill({ type: '' }),
  [`${core}.ObjectFieldSelector`]: fill({ apiVersion: 'v1' }),
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
  [`${apps}.DeploymentSpec`]: fill({ replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 }),
  [`${apps}.DeploymentStrategy`]: rollingUpdate({ maxUnavailable: '25%', maxSurge: '25%' }),
  [`${apps}.ReplicaSetSpec`]: fill({ replicas: 1 }),
  [`${apps}.DaemonSetSpec`]: fill({ revisionHistoryLimit: 10 }),
  [`${apps}.DaemonSetUpdateStrategy`]: rollingUpdate({ maxUnavailable: 1, maxSurge: 0 }),
  [`${apps}.StatefulSetSpec`]: fill({
    podManagementPolicy: 'OrderedReady',
    persistentVolumeClaimRetentionPolicy: {},
    replicas: 1,
    revisionHistoryLimit: 10,
  }),
  [`${apps}.StatefulSetUpdateStrategy`]: rollingUpdate({ partition: 0 }),
  [`${apps}.StatefulSetPersistentVolumeClaimRetentionPolicy`]: fill({ whenDeleted: 'Retain', whenScaled: 'Retain' }),
  'io.k8s.api.batch.v1.Job': jobLabels,
  'io.k8s.api.batch.v1.JobSpec': job,
  'io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern': fill({ status: 'True' }),
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
