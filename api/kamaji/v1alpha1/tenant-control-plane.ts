import { additionalMetadata } from '../../core/pod.ts';
import { conditions, observedGeneration } from '../../core/condition.ts';
import { tenantControlPlanes } from '../../kinds.ts';
import type { ObjectMeta } from '../../meta.ts';
import { customResourceDefinition } from '../../schema/crd.ts';
import { about, cannotUnset, decimal, present, rule } from '../../schema/rule.ts';
import type { Infer } from '../../schema/schema.ts';
import {
  boolean,
  describe,
  embedded,
  enumeration,
  integer,
  list,
  object,
  optional,
  string,
} from '../../schema/schema.ts';
import { addons, konnectivityPorts } from './addons.ts';
import { admissionControllers, knownAdmissionControllers } from './admission-controllers.ts';
import { dataStoreOverrides } from './data-store-overrides.ts';
import { DEFAULT_ADMISSION_CONTROLLERS } from './defaults.ts';
import { deployment } from './deployment.ts';
import { kubelet } from './kubelet.ts';
import type { EffectiveNetworks } from './network-profile.ts';
import { networkProfile, podNetworks, serviceNetworks } from './network-profile.ts';
import {
  additionalPorts,
  apartFromAdditionalPorts,
  gatewayHostname,
  ingressHostname,
  serviceTypes,
} from './service.ts';
import { statusFields } from './tenant-control-plane-status.ts';
import { storeName } from './store-name.ts';
import { controlPlaneName, kubernetesVersion, versionSteps } from './version.ts';
import { limitsNeedOurAuthorization, writePermissions } from './write-permissions.ts';

/** One Kubernetes control plane that runs as pods. */
export type TenantControlPlane = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: TenantControlPlaneSpec;
  status?: TenantControlPlaneStatus;
};

export type TenantControlPlaneSpec = Infer<typeof spec>;
export type TenantControlPlaneStatus = Infer<typeof status>;

const gatewayParentReference = embedded('A Gateway listener (Gateway API: ParentReference).', {
  name: string('Name of the Gateway.', { minLength: 1, maxLength: 253 }),
  namespace: optional(string('Namespace of the Gateway.', { minLength: 1, maxLength: 63 })),
  sectionName: optional(string('Name of the listener.', { minLength: 1, maxLength: 253 })),
  port: optional(integer('Port of the listener.', { minimum: 1, maximum: 65535 })),
  group: optional(string('API group of the parent.', { maxLength: 253 })),
  kind: optional(string('Kind of the parent.', { minLength: 1, maxLength: 63 })),
});

const controlPlane = object(
  'How the control plane runs and is exposed in the management cluster.',
  {
    deployment: optional(deployment),
    service: object('The Service in front of the API servers.', {
      serviceType: enumeration('Type of the Service.', serviceTypes),
      additionalMetadata: optional(describe('Metadata of the Service.', additionalMetadata)),
      additionalPorts: optional(additionalPorts),
      allocateLoadBalancerNodePorts: optional(boolean('Whether a LoadBalancer Service gets node ports as well.')),
    }),
    ingress: optional(
      object(
        'Expose the API server by an Ingress that passes TLS through.',
        {
          additionalMetadata: optional(describe('Metadata of the Ingress.', additionalMetadata)),
          ingressClassName: optional(string('IngressClass.')),
          hostname: optional(ingressHostname('Host name, or host:port where clients use another port than 443.')),
        },
        {
          rules: [
            rule(
              "has(self.hostname) && self.hostname != ''",
              'ingress.hostname is missing: set the name by which clients reach the API server',
            ),
          ],
        },
      ),
    ),
    gateway: optional(
      object(
        'Expose the API server by a TLSRoute of the Gateway API.',
        {
          additionalMetadata: optional(describe('Metadata of the routes.', additionalMetadata)),
          parentRefs: optional(list('Gateways that the route attaches to.', gatewayParentReference)),
          hostname: optional(gatewayHostname('Host name that clients use.')),
        },
        {
          rules: [
            rule(
              'has(self.hostname)',
              'gateway.hostname is missing: set the name by which clients reach the API server',
            ),
          ],
        },
      ),
    ),
  },
  {
    rules: [
      rule(
        '!(has(self.ingress) && has(self.gateway))',
        'controlPlane.ingress and controlPlane.gateway exclude each other: remove one of them',
      ),
    ],
  },
);

const loadBalancerOnly = (field: string, absent: string) =>
  rule(
    `${absent} || self.controlPlane.service.serviceType == 'LoadBalancer'`,
    `${field} is for Services of type LoadBalancer, and controlPlane.service.serviceType is ` +
      '{self.controlPlane.service.serviceType}: remove the field or change the type',
  );

const apiPort = '$.networkProfile.port';

const spec = object(
  'The control plane that is wanted.',
  {
    dataStore: optional(
      string("Name of the DataStore; absent means the default one. Changing it moves the tenant's data.", {
        maxLength: 253,
      }),
    ),
    dataStoreSchema: optional(
      storeName(
        'dataStoreSchema',
        "Name of the tenant's database, key prefix or bucket; chosen by the system if absent.",
        {
          isFixed: true,
        },
      ),
    ),
    dataStoreUsername: optional(
      storeName('dataStoreUsername', "Name of the tenant's user in the datastore; chosen by the system if absent.", {
        isFixed: true,
      }),
    ),
    dataStoreOverrides: optional(dataStoreOverrides),
    writePermissions: optional(writePermissions),
    controlPlane,
    kubernetes: object(
      "The tenant's Kubernetes.",
      {
        version: kubernetesVersion('Version, such as v1.35.4; used as it is as tag of the images.'),
        kubelet,
        admissionControllers: optional(admissionControllers({ default: [...DEFAULT_ADMISSION_CONTROLLERS] })),
      },
      { rules: [knownAdmissionControllers] },
    ),
    networkProfile: optional(networkProfile),
    addons: optional(addons),
  },
  {
    rules: [
      cannotUnset('dataStore'),
      cannotUnset('dataStoreSchema'),
      cannotUnset('dataStoreUsername'),
      ...limitsNeedOurAuthorization,
      loadBalancerOnly(
        'networkProfile.loadBalancerSourceRanges',
        '!has(self.networkProfile) || !has(self.networkProfile.loadBalancerSourceRanges) || ' +
          'size(self.networkProfile.loadBalancerSourceRanges) == 0',
      ),
      loadBalancerOnly(
        'networkProfile.loadBalancerClass',
        '!has(self.networkProfile) || !has(self.networkProfile.loadBalancerClass)',
      ),
      loadBalancerOnly(
        'controlPlane.service.allocateLoadBalancerNodePorts',
        '!has(self.controlPlane.service.allocateLoadBalancerNodePorts)',
      ),
      rule(
        "self.controlPlane.service.serviceType != 'LoadBalancer' || " +
          "oldSelf.controlPlane.service.serviceType != 'LoadBalancer' || " +
          '(has(self.networkProfile) && has(self.networkProfile.loadBalancerClass)) == ' +
          '(has(oldSelf.networkProfile) && has(oldSelf.networkProfile.loadBalancerClass))',
        'networkProfile.loadBalancerClass cannot be added to or removed from a LoadBalancer Service: ' +
          'change controlPlane.service.serviceType first',
      ),
      rule(
        `!(${about(apiPort, 'self')} in ${about(konnectivityPorts, 'self')})`,
        `addons.konnectivity.server.port and networkProfile.port are both {${decimal(about(apiPort, 'self'))}}: choose another one for one of them`,
      ),
      apartFromAdditionalPorts(
        'controlPlane.service.additionalPorts',
        `([${about(apiPort, 'self')}] + ${about(konnectivityPorts, 'self')})`,
      ),
    ],
  },
);

// Its Deployment has been made: an API server may have written to the store, and nodes may have joined.
const started = present('self', 'status.kubernetesResources.deployment');

const fixedOnceStarted = (field: string, value: string, text: string) =>
  rule(
    `!(${started}) || ${about(value, 'self.spec')} == ${about(value, 'oldSelf.spec')}`,
    `networkProfile.${field} {${about(text, 'self.spec')}} cannot take the place of {${about(text, 'oldSelf.spec')}} in a ` +
      'control plane that has been started, whose nodes and Services have it: put it back, or create a new control plane',
    { fieldPath: `.spec.networkProfile.${field}` },
  );

const fixedNetworks = (field: string, { list: value, text }: EffectiveNetworks) =>
  fixedOnceStarted(field, about(value, '$.networkProfile'), about(text, '$.networkProfile'));

const status = object('The control plane that is there.', {
  observedGeneration: optional(observedGeneration),
  conditions: optional(conditions),
  ...statusFields,
});

/** The CustomResourceDefinition of TenantControlPlane. */
export const tenantControlPlaneCrd = customResourceDefinition({
  coordinates: tenantControlPlanes,
  description: 'One Kubernetes control plane that runs as pods of this cluster.',
  shortNames: ['tcp'],
  categories: ['kamaji'],
  labels: { 'cluster.x-k8s.io/provider': 'control-plane-kamaji' },
  columns: [
    { name: 'Version', type: 'string', jsonPath: '.spec.kubernetes.version' },
    { name: 'Installed Version', type: 'string', jsonPath: '.status.kubernetesResources.version.version' },
    { name: 'Status', type: 'string', jsonPath: '.status.kubernetesResources.version.status' },
    { name: 'Control-Plane endpoint', type: 'string', jsonPath: '.status.controlPlaneEndpoint' },
    { name: 'Kubeconfig', type: 'string', jsonPath: '.status.kubeconfig.admin.secretName' },
    { name: 'Datastore', type: 'string', jsonPath: '.status.storage.dataStoreName' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status', priority: 1 },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
  ],
  scale: {
    specPath: '.spec.controlPlane.deployment.replicas',
    statusPath: '.status.kubernetesResources.deployment.replicas',
    selectorPath: '.status.kubernetesResources.deployment.selector',
  },
  spec,
  status,
  rules: [
    controlPlaneName,
    ...versionSteps('kubernetes.version', 'kubernetesResources.version.version'),
    fixedOnceStarted('port', apiPort, decimal(apiPort)),
    fixedNetworks('serviceCidrs', serviceNetworks),
    fixedNetworks('podCidrs', podNetworks),
  ],
});
