import { conditions, observedGeneration } from '../../core/condition.ts';
import { konnectivityPorts } from '../../kamaji/v1alpha1/addons.ts';
import { knownAdmissionControllers } from '../../kamaji/v1alpha1/admission-controllers.ts';
import { DEFAULT_REPLICAS } from '../../kamaji/v1alpha1/defaults.ts';
import { apartFromAdditionalPorts } from '../../kamaji/v1alpha1/service.ts';
import { controlPlaneName, kubernetesVersion, versionSteps } from '../../kamaji/v1alpha1/version.ts';
import { kamajiControlPlanes } from '../../kinds.ts';
import type { ObjectMeta } from '../../meta.ts';
import { customResourceDefinition } from '../../schema/crd.ts';
import { about, cannotUnset, present, rule } from '../../schema/rule.ts';
import type { Infer } from '../../schema/schema.ts';
import { boolean, integer, mapList, object, optional, string } from '../../schema/schema.ts';
import { controlPlaneFields } from './control-plane-spec.ts';

/** The control plane of a Cluster API Cluster, run as pods. */
export type KamajiControlPlane = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: KamajiControlPlaneSpec;
  status?: KamajiControlPlaneStatus;
};

export type KamajiControlPlaneSpec = Infer<typeof spec>;
export type KamajiControlPlaneStatus = Infer<typeof status>;

const givenAtCreation = (field: string) => {
  const [now, before] = [present('self', field), present('oldSelf', field)];
  return rule(
    `(${now}) == (${before}) && (!(${now}) || self.${field} == oldSelf.${field})`,
    `${field} can only be given when the control plane is created: put it back as it was`,
  );
};

const spec = object(
  'The control plane that is wanted.',
  {
    version: kubernetesVersion('Kubernetes version, with or without a leading v.'),
    replicas: optional(
      integer('Number of pods; 0 puts the control plane to sleep.', { minimum: 0, default: DEFAULT_REPLICAS }),
    ),
    controlPlaneEndpoint: optional(
      object(
        'Address of the API server; written by the system unless it is given up front.',
        {
          host: optional(string('Host name or IP address.', { minLength: 1, maxLength: 512 })),
          port: optional(integer('Port.', { minimum: 1, maximum: 65535 })),
        },
        { minProperties: 1 },
      ),
    ),
    rollout: optional(
      object(
        'When pods are replaced without another reason.',
        {
          after: optional(
            string('Replace pods that are older than this time, once it has come.', { format: 'date-time' }),
          ),
        },
        { minProperties: 1 },
      ),
    ),
    ...controlPlaneFields,
  },
  {
    rules: [
      cannotUnset('dataStoreName'),
      givenAtCreation('dataStoreSchema'),
      givenAtCreation('dataStoreUsername'),
      givenAtCreation('deployment.externalClusterReference'),
      knownAdmissionControllers,
      apartFromAdditionalPorts('network.additionalServicePorts', about(konnectivityPorts, 'self')),
    ],
  },
);

const status = object('The control plane that is there.', {
  observedGeneration: optional(observedGeneration),
  initialization: optional(
    object(
      'What has been reached once.',
      { controlPlaneInitialized: optional(boolean('The API server has answered; never taken back.')) },
      { minProperties: 1 },
    ),
  ),
  externalManagedControlPlane: optional(
    boolean('There are no control-plane machines in the workload cluster.', { default: true }),
  ),
  ready: optional(boolean('The API server serves; for readers of older contracts.')),
  version: optional(
    string('Lowest Kubernetes version that an API server runs; for readers of older contracts.', { maxLength: 256 }),
  ),
  versions: optional(
    mapList(
      'Kubernetes versions that API servers run, oldest first.',
      object('One version.', {
        version: string('Kubernetes version.', { minLength: 1, maxLength: 256 }),
        replicas: optional(integer('Pods that run it.', { minimum: 1 })),
      }),
      ['version'],
      { minItems: 1, maxItems: 100 },
    ),
  ),
  selector: optional(string('Label selector of the pods, for autoscalers.')),
  replicas: optional(integer('Pods.')),
  readyReplicas: optional(integer('Ready pods.')),
  availableReplicas: optional(integer('Available pods.')),
  upToDateReplicas: optional(integer('Pods of the newest template.')),
  failureReason: optional(string('Kept for compatibility; not written.')),
  failureMessage: optional(string('Kept for compatibility; not written.')),
  conditions: optional(conditions),
});

/** The CustomResourceDefinition of KamajiControlPlane. */
export const kamajiControlPlaneCrd = customResourceDefinition({
  coordinates: kamajiControlPlanes,
  description: 'The control plane of a Cluster API Cluster, run as pods of the management cluster.',
  shortNames: ['ktcp'],
  categories: ['cluster-api', 'kamaji'],
  labels: { 'cluster.x-k8s.io/provider': 'control-plane-kamaji', 'cluster.x-k8s.io/v1beta2': 'v1alpha2' },
  columns: [
    { name: 'Version', type: 'string', jsonPath: '.spec.version' },
    { name: 'Initialized', type: 'boolean', jsonPath: '.status.initialization.controlPlaneInitialized' },
    { name: 'Ready', type: 'boolean', jsonPath: '.status.ready' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    {
      name: 'Cluster',
      type: 'string',
      jsonPath: String.raw`.metadata.labels['cluster\.x-k8s\.io/cluster-name']`,
      priority: 1,
    },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
  ],
  scale: { specPath: '.spec.replicas', statusPath: '.status.replicas', selectorPath: '.status.selector' },
  spec,
  status,
  rules: [controlPlaneName, ...versionSteps('version', 'version')],
});
