import {
  additionalMetadata,
  affinity,
  container,
  deploymentStrategy,
  podSecurityContext,
  probes,
  resourceRequirements,
  securityContext,
  toleration,
  topologySpreadConstraint,
  volume,
  volumeMount,
} from '../../core/pod.ts';
import { boolean, describe, integer, list, map, object, optional, string } from '../../schema/schema.ts';
import {
  DEFAULT_API_SERVER_IMAGE,
  DEFAULT_CONTROLLER_MANAGER_IMAGE,
  DEFAULT_REGISTRY,
  DEFAULT_REPLICAS,
  DEFAULT_SCHEDULER_IMAGE,
  DEFAULT_SERVICE_ACCOUNT,
  DEFAULT_STRATEGY,
} from './defaults.ts';

const argument = string('Argument.');
// Read by a rule, whose cost is reckoned from these bounds.
const boundedArgument = string('Argument.', { maxLength: 4096 });
const mounts = list("Volume mounts, put before the system's own.", volumeMount);

const registrySettings = object(
  'Where the images of the control plane come from: <registry>/<image>:<version><tagSuffix>.',
  {
    registry: optional(string('Registry and path.', { default: DEFAULT_REGISTRY })),
    tagSuffix: optional(string('Text appended to the tag of the three components.')),
    apiServerImage: optional(string('Image of kube-apiserver.', { default: DEFAULT_API_SERVER_IMAGE })),
    controllerManagerImage: optional(
      string('Image of kube-controller-manager.', { default: DEFAULT_CONTROLLER_MANAGER_IMAGE }),
    ),
    schedulerImage: optional(string('Image of kube-scheduler.', { default: DEFAULT_SCHEDULER_IMAGE })),
  },
  { default: {} },
);

const componentProbes = {
  apiServer: optional(object('Probes of kube-apiserver; they win over the general ones.', probes)),
  controllerManager: optional(object('Probes of kube-controller-manager; they win over the general ones.', probes)),
  scheduler: optional(object('Probes of kube-scheduler; they win over the general ones.', probes)),
};

/** The Deployment of a control plane. */
export const deployment = object(
  "How the control plane's pods look and where they run.",
  {
    registrySettings: optional(registrySettings),
    replicas: optional(
      integer('Number of pods; 0 puts the control plane to sleep.', { minimum: 0, default: DEFAULT_REPLICAS }),
    ),
    nodeSelector: optional(map('Labels of the nodes that may run the pods.', string('Value.'))),
    runtimeClassName: optional(string('RuntimeClass of the pods; empty means none.')),
    strategy: optional(
      deploymentStrategy(
        'How pods are replaced; the default brings up a complete second set before the old one goes.',
        { default: DEFAULT_STRATEGY },
      ),
    ),
    tolerations: optional(list('Taints that the pods tolerate.', toleration)),
    affinity: optional(affinity),
    topologySpreadConstraints: optional(
      list('How the pods spread; an entry without labelSelector is about these pods.', topologySpreadConstraint),
    ),
    resources: optional(
      object('Compute resources per container.', {
        apiServer: optional(describe('Resources of kube-apiserver.', resourceRequirements)),
        controllerManager: optional(describe('Resources of kube-controller-manager.', resourceRequirements)),
        scheduler: optional(describe('Resources of kube-scheduler.', resourceRequirements)),
        kine: optional(describe('Resources of kine, where the datastore needs it.', resourceRequirements)),
      }),
    ),
    extraArgs: optional(
      object(
        'Additional arguments per container, as --flag=value; those that the system cannot do without are not replaced.',
        {
          apiServer: optional(list('Arguments of kube-apiserver.', boundedArgument, { maxItems: 256 })),
          controllerManager: optional(list('Arguments of kube-controller-manager.', argument)),
          scheduler: optional(list('Arguments of kube-scheduler.', argument)),
          kine: optional(list('Arguments of kine.', argument)),
        },
      ),
    ),
    additionalMetadata: optional(describe('Metadata of the Deployment.', additionalMetadata)),
    podAdditionalMetadata: optional(describe('Metadata of the pods.', additionalMetadata)),
    additionalInitContainers: optional(list("Init containers, put before the system's own.", container)),
    additionalContainers: optional(list("Containers, put before the system's own.", container)),
    additionalVolumes: optional(list("Volumes, put before the system's own.", volume)),
    additionalVolumeMounts: optional(
      object('Volume mounts per container.', {
        apiServer: optional(mounts),
        controllerManager: optional(mounts),
        scheduler: optional(mounts),
      }),
    ),
    probes: optional(object('Overrides of probes, for all components or for one.', { ...probes, ...componentProbes })),
    serviceAccountName: optional(string('ServiceAccount of the pods.', { default: DEFAULT_SERVICE_ACCOUNT })),
    automountServiceAccountToken: optional(
      boolean("Whether the ServiceAccount's token is mounted into the pods; absent means it is not."),
    ),
    containerSecurityContexts: optional(
      object('Security options per container.', {
        apiServer: optional(describe('Security options of kube-apiserver.', securityContext)),
        controllerManager: optional(describe('Security options of kube-controller-manager.', securityContext)),
        scheduler: optional(describe('Security options of kube-scheduler.', securityContext)),
      }),
    ),
    podSecurityContext: optional(podSecurityContext),
  },
  { default: {} },
);
