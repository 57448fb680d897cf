import { conditions } from '../../core/condition.ts';
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

/** Values of `status.kubernetesResources.version.status`. */
export const versionStates = [
  'Unknown',
  'Provisioning',
  'CertificateAuthorityRotating',
  'Upgrading',
  'Migrating',
  'Ready',
  'NotReady',
  'Sleeping',
  'WriteLimited',
] as const;

const lastUpdate = optional(string('When it last changed.', { format: 'date-time' }));
const checksum = optional(string('Hash of the content.'));
const name = optional(string('Name of the object.'));
const namespace = optional(string('Namespace of the object.'));

const secret = object('A Secret.', { secretName: optional(string('Name of the Secret.')), lastUpdate, checksum });
const reference = object('An object inside the tenant.', { name, namespace, lastUpdate });

const count = (description: string) => optional(integer(description));

const storage = object('The datastore in use.', {
  driver: optional(string('Driver of the DataStore.')),
  dataStoreName: optional(string('Name of the DataStore that holds the data.')),
  identity: optional(
    string(
      'Identity of the store that the tenant was created on, such as the id of an etcd cluster; nothing is ever created on another one.',
    ),
  ),
  config: optional(
    object("Secret with the tenant's credentials.", { secretName: optional(string('Name of the Secret.')), checksum }),
  ),
  setup: optional(
    object('What was set up in the datastore.', {
      schema: optional(string('Name of the database, key prefix or bucket.')),
      user: optional(string('Name of the user.')),
      lastUpdate,
      checksum,
    }),
  ),
  certificate: optional(describe('Secret with the client certificate.', secret)),
});

const certificates = object('Secrets with keys and certificates.', {
  ca: optional(describe('Certificate authority of the tenant.', secret)),
  apiServer: optional(describe('Serving certificate of the API server.', secret)),
  apiServerKubeletClient: optional(describe('Client certificate of the API server for kubelets.', secret)),
  frontProxyCA: optional(describe('Certificate authority of the aggregation layer.', secret)),
  frontProxyClient: optional(describe('Client certificate of the aggregation layer.', secret)),
  sa: optional(describe('Key pair that signs service-account tokens.', secret)),
  etcd: optional(
    object('Kept for compatibility; not written.', {
      apiServer: optional(describe('Client certificate of the API server.', secret)),
      ca: optional(describe('Certificate authority of etcd.', secret)),
    }),
  ),
});

const kubernetesResources = object('Objects of the control plane in this cluster.', {
  version: optional(
    object('Version and state.', {
      version: optional(string('Kubernetes version that all pods run.', { maxLength: 256 })),
      status: optional(enumeration('State of the control plane.', versionStates, { default: 'Provisioning' })),
    }),
  ),
  deployment: optional(
    object('The Deployment.', {
      name,
      namespace,
      selector: optional(string('Label selector of the pods, for autoscalers.')),
      lastUpdate,
      observedGeneration: optional(integer('Generation of the Deployment that was seen.', { format: 'int64' })),
      replicas: count('Pods.'),
      updatedReplicas: count('Pods of the newest template.'),
      readyReplicas: count('Ready pods.'),
      availableReplicas: count('Available pods.'),
      unavailableReplicas: count('Pods that are missing.'),
      terminatingReplicas: count('Pods that are being deleted.'),
      collisionCount: count('Hash collisions seen.'),
      conditions: optional(list('Conditions of the Deployment.', embedded('One condition.', {}))),
    }),
  ),
  service: optional(
    object('The Service.', {
      name,
      namespace,
      port: optional(integer('Port of the API server.')),
      conditions: optional(conditions),
      loadBalancer: optional(
        object('What the load balancer reported.', {
          ingress: optional(
            list(
              'Addresses.',
              object('One address.', {
                ip: optional(string('IP address.')),
                hostname: optional(string('Host name.')),
                ipMode: optional(string('How traffic to the IP address is delivered.')),
              }),
            ),
          ),
        }),
      ),
    }),
  ),
  ingress: optional(
    object('The Ingress.', {
      name,
      namespace,
      loadBalancer: optional(embedded('What the Ingress controller reported.', {})),
    }),
  ),
  gateway: optional(
    object('The TLSRoute.', {
      parents: optional(list('What each Gateway reported.', embedded('One Gateway.', {}))),
      routeRef: optional(object('The route.', { name })),
      accessPoints: optional(
        list(
          'Addresses that clients can use.',
          object('One address.', {
            type: optional(string('Kind of address.')),
            value: optional(string('Host name or IP address.')),
            port: optional(integer('Port.')),
            urls: optional(list('URLs.', string('URL.'))),
          }),
        ),
      ),
    }),
  ),
});

const addon = {
  enabled: optional(boolean('Whether it is installed.')),
  lastUpdate,
};

const addons = object('Addons inside the tenant.', {
  coreDNS: optional(object('Cluster DNS.', addon)),
  kubeProxy: optional(object('kube-proxy.', addon)),
  konnectivity: optional(
    object('The tunnel to the nodes.', {
      enabled: optional(boolean('Whether the tunnel is used; decided once where the spec does not say, then kept.')),
      configMap: optional(object('Egress selector configuration.', { name, checksum })),
      certificate: optional(describe('Certificate of the server.', secret)),
      kubeconfig: optional(describe('Kubeconfig of the server.', secret)),
      sa: optional(describe('ServiceAccount of the agents.', reference)),
      clusterrolebinding: optional(describe('ClusterRoleBinding of the server.', reference)),
      agent: optional(
        object('Workload of the agents.', {
          name,
          namespace,
          lastUpdate,
          mode: optional(string('DaemonSet or Deployment.')),
        }),
      ),
      service: optional(object('Port of the Service.', { name, namespace, port: optional(integer('Port.')) })),
      gateway: optional(object('The TLSRoute.', { routeRef: optional(object('The route.', { name })) })),
    }),
  ),
});

/** Properties of a TenantControlPlane's status beside conditions and observedGeneration. */
export const statusFields = {
  controlPlaneEndpoint: optional(string('Address of the API server, as host:port.')),
  storage: optional(storage),
  certificates: optional(certificates),
  kubeconfig: optional(
    object('Secrets with kubeconfigs.', {
      admin: optional(describe('Kubeconfigs of administrators.', secret)),
      controllerManager: optional(describe('Kubeconfig of kube-controller-manager.', secret)),
      scheduler: optional(describe('Kubeconfig of kube-scheduler.', secret)),
    }),
  ),
  kubeadmconfig: optional(
    object('ConfigMap with the kubeadm configuration.', {
      configmapName: optional(string('Name of the ConfigMap.')),
      lastUpdate,
      checksum,
    }),
  ),
  kubeadmPhase: optional(
    object("State of kubeadm's phases.", {
      bootstrapToken: optional(object('What lets nodes join.', { lastUpdate, checksum })),
    }),
  ),
  kubernetesResources: optional(kubernetesResources),
  addons: optional(addons),
};
