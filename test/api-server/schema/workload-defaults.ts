import type { Defaults, DefaultsByDefinition } from './default-rules.ts';
import { both, fill, inMember, objectIn } from './default-rules.ts';
import type { JsonObject } from './schema-node.ts';
import { isObject } from './schema-node.ts';

function rollingUpdate(defaults: JsonObject): Defaults {
  return (strategy) => {
    const typed = fill({ type: 'RollingUpdate' })(strategy);
    return typed['type'] === 'RollingUpdate' ? inMember('rollingUpdate', fill(defaults))(typed) : typed;
  };
}

/** Said in so many words, a rolling update gets no parameters. */
function statefulSetStrategy(value: JsonObject): JsonObject {
  const { type, rollingUpdate: parameters } = value;
  return type === undefined || parameters !== undefined ? rollingUpdate({ partition: 0 })(value) : value;
}

function claimTemplates(value: JsonObject): JsonObject {
  const { volumeClaimTemplates: list } = value;
  if (!Array.isArray(list)) return value;
  const type = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
  return { ...value, volumeClaimTemplates: list.map((one: unknown) => (isObject(one) ? { ...one, ...type } : one)) };
}

// It counts the changes of the template; nobody has read it for years.
const templateGeneration = fill({ 'deprecated.daemonset.template.generation': '1' });

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

const apps = 'io.k8s.api.apps.v1';

/** Of what makes pods (Kubernetes: pkg/apis/apps/v1/defaults.go, pkg/apis/batch/v1/defaults.go). */
export const workloadDefaults: DefaultsByDefinition = {
  [`${apps}.DeploymentSpec`]: fill({ replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 }),
  [`${apps}.DeploymentStrategy`]: rollingUpdate({ maxUnavailable: '25%', maxSurge: '25%' }),
  [`${apps}.ReplicaSetSpec`]: fill({ replicas: 1 }),
  [`${apps}.DaemonSetSpec`]: fill({ revisionHistoryLimit: 10 }),
  [`${apps}.DaemonSetUpdateStrategy`]: rollingUpdate({ maxUnavailable: 1, maxSurge: 0 }),
  [`${apps}.StatefulSetSpec`]: both(
    claimTemplates,
    fill({
      podManagementPolicy: 'OrderedReady',
      persistentVolumeClaimRetentionPolicy: {},
      replicas: 1,
      revisionHistoryLimit: 10,
    }),
  ),
  [`${apps}.StatefulSetUpdateStrategy`]: statefulSetStrategy,
  [`${apps}.DaemonSet`]: inMember('metadata', inMember('annotations', templateGeneration)),
  [`${apps}.StatefulSetPersistentVolumeClaimRetentionPolicy`]: fill({ whenDeleted: 'Retain', whenScaled: 'Retain' }),
  'io.k8s.api.batch.v1.Job': jobLabels,
  'io.k8s.api.batch.v1.JobSpec': job,
  'io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern': fill({ status: 'True' }),
};
