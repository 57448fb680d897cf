import {
  additionalMetadata,
  affinity,
  container,
  deploymentStrategy,
  probes,
  resourceRequirements,
  toleration,
  topologySpreadConstraint,
  volume,
  volumeMount,
} from '../../core/pod.ts';
import { imageOverride, konnectivity, kubeProxy } from '../../kamaji/v1alpha1/addons.ts';
import { admissionControllers } from '../../kamaji/v1alpha1/admission-controllers.ts';
import { dataStoreOverrides } from '../../kamaji/v1alpha1/data-store-overrides.ts';
import { DEFAULT_REGISTRY } from '../../kamaji/v1alpha1/defaults.ts';
import { kubeletOfControlPlane } from '../../kamaji/v1alpha1/kubelet.ts';
import { ipAddress } from '../../kamaji/v1alpha1/service.ts';
import { storeName } from '../../kamaji/v1alpha1/store-name.ts';
import { describe, list, map, object, optional, string } from '../../schema/schema.ts';
import { network } from './network.ts';

const component = {
  extraArgs: optional(list('Additional arguments, as --flag=value.', string('Argument.'))),
  extraVolumeMounts: optional(list('Additional volume mounts.', volumeMount)),
  resources: optional(resourceRequirements),
  containerImageName: optional(string('Image name below the registry.', { minLength: 1 })),
  probes: optional(object('Probes; they win over those of the deployment.', probes)),
};

const deployment = object("How the control plane's pods look and where they run.", {
  nodeSelector: optional(map('Labels of the nodes that may run the pods.', string('Value.'))),
  runtimeClassName: optional(string('RuntimeClass of the pods.')),
  additionalMetadata: optional(describe('Metadata of the Deployment.', additionalMetadata)),
  podAdditionalMetadata: optional(describe('Metadata of the pods.', additionalMetadata)),
  serviceAccountName: optional(string('ServiceAccount of the pods.')),
  strategy: optional(deploymentStrategy('How pods are replaced by newer ones.')),
  affinity: optional(affinity),
  tolerations: optional(list('Taints that the pods tolerate.', toleration)),
  topologySpreadConstraints: optional(list('How the pods spread.', topologySpreadConstraint)),
  extraInitContainers: optional(list('Additional init containers.', container)),
  extraContainers: optional(list('Additional containers.', container)),
  extraVolumes: optional(list('Additional volumes.', volume)),
  probes: optional(object('Probes of all components.', probes)),
  externalClusterReference: optional(
    object('Run the control plane in another cluster.', {
      kubeconfigSecretName: string('Secret with the kubeconfig of that cluster.', { minLength: 1 }),
      kubeconfigSecretKey: string('Key within the Secret.', { minLength: 1 }),
      kubeconfigSecretNamespace: optional(string("Namespace of the Secret; absent means the object's own.")),
      deploymentNamespace: string('Namespace in that cluster.'),
    }),
  ),
});

/** Properties that a KamajiControlPlane and its template share. */
export const controlPlaneFields = {
  dataStoreName: optional(string('Name of the DataStore; absent means the default one.', { maxLength: 253 })),
  dataStoreSchema: optional(
    storeName('dataStoreSchema', 'Name of the database, key prefix or bucket; chosen by the system if absent.', {
      isFixed: false,
    }),
  ),
  dataStoreUsername: optional(
    storeName('dataStoreUsername', 'Name of the user in the datastore; chosen by the system if absent.', {
      isFixed: false,
    }),
  ),
  dataStoreOverrides: optional(dataStoreOverrides),
  addons: optional(
    object('What is installed inside the workload cluster.', {
      coreDNS: optional(
        object('Cluster DNS; present, even empty, means installed.', {
          ...imageOverride,
          dnsServiceIPs: optional(
            list('Addresses of the cluster DNS Service; they win over network.dnsServiceIPs.', ipAddress('Address.'), {
              maxItems: 8,
            }),
          ),
        }),
      ),
      kubeProxy: optional(kubeProxy),
      konnectivity: optional(konnectivity),
    }),
  ),
  admissionControllers: optional(admissionControllers()),
  registry: optional(string("Registry and path of the control plane's images.", { default: DEFAULT_REGISTRY })),
  apiServer: optional(object('kube-apiserver.', component)),
  controllerManager: optional(object('kube-controller-manager.', component)),
  scheduler: optional(object('kube-scheduler.', component)),
  kine: optional(
    object('kine, where the datastore needs it.', { extraArgs: component.extraArgs, resources: component.resources }),
  ),
  kubelet: optional(kubeletOfControlPlane),
  network: optional(network),
  deployment: optional(deployment),
};
