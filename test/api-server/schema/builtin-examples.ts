import { builtinResources } from './published-kinds.ts';
import type { JsonObject } from './schema-node.ts';
import type { Resource } from '#runtime/client/resource.ts';

const pod = {
  containers: [
    {
      name: 'main',
      image: 'registry.example.com:5000/x',
      env: [
        { name: 'EMPTY', value: '' },
        { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
        { name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      ],
      ports: [{ containerPort: 80 }],
      resources: { limits: { cpu: '1500m', memory: '1024Mi' }, requests: { cpu: '0.1' } },
      livenessProbe: { httpGet: { port: 80 } },
      readinessProbe: { tcpSocket: { port: 80 }, initialDelaySeconds: 0 },
      startupProbe: { grpc: { port: 80 }, failureThreshold: 60 },
      lifecycle: { preStop: { sleep: { seconds: 1 } } },
      securityContext: { privileged: false, runAsNonRoot: false },
      volumeMounts: [{ name: 'empty', mountPath: '/a', readOnly: false }],
    },
  ],
  initContainers: [{ name: 'first', image: 'x@sha256:' + '0'.repeat(64), restartPolicy: 'Always' }],
  volumes: [
    { name: 'none' },
    { name: 'empty', emptyDir: { sizeLimit: '1024Mi' } },
    { name: 'secret', secret: { secretName: 's', optional: false } },
    { name: 'config', configMap: { name: 'c' } },
    { name: 'host', hostPath: { path: '/x' } },
    { name: 'down', downwardAPI: { items: [{ path: 'p', fieldRef: { fieldPath: 'metadata.name' } }] } },
    { name: 'all', projected: { sources: [{ serviceAccountToken: { path: 't' } }, { configMap: { name: 'c' } }] } },
    { name: 'claim', persistentVolumeClaim: { claimName: 'c', readOnly: false } },
  ],
  hostNetwork: false,
  hostPID: false,
  enableServiceLinks: false,
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', minDomains: null },
  ],
  affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
  tolerations: [{ operator: 'Exists' }],
  serviceAccountName: 'x',
};
const selector = { matchLabels: { a: 'b' } };
const template = { metadata: { labels: { a: 'b' } }, spec: pod };
const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } };
const roleRef = { kind: 'ClusterRole', name: 'r' };
const subjects = [
  { kind: 'User', name: 'u' },
  { kind: 'Group', name: 'g' },
  { kind: 'ServiceAccount', name: 's', namespace: 'default' },
];
const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: [] }];
const webhook = {
  name: 'a.example.com',
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  clientConfig: { service: { namespace: 'n', name: 's' } },
  rules: [{ apiGroups: ['x'], apiVersions: ['v1'], resources: ['y'], operations: ['CREATE'] }],
};
const version = {
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema: { type: 'object', nullable: false } },
};

// What an object of each kind says besides its names. Several, where one cannot say everything.
const contents: Readonly<Record<string, readonly JsonObject[]>> = {
  Namespace: [{}],
  // With what an admission plugin would add.
  Node: [
    {
      spec: {
        unschedulable: false,
        podCIDR: '',
        taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }],
      },
    },
  ],
  Pod: [
    { spec: pod },
    {
      spec: {
        containers: [{ name: 'c', image: 'x:latest', ports: [{ containerPort: 1 }] }],
        hostNetwork: true,
        tolerations: pod.tolerations,
      },
    },
  ],
  Secret: [{ stringData: { a: 'b' }, data: { c: 'ZA==' }, immutable: false }, {}],
  ConfigMap: [{ data: {}, binaryData: { a: 'YQ==' } }, { data: { a: '', b: null } }],
  Service: [
    { spec: { ports: [{ port: 80 }], selector: { a: 'b' } } },
    { spec: { ports: [{ port: 80, targetPort: 'x' }], sessionAffinity: 'ClientIP', clusterIP: 'None' } },
    { spec: { type: 'ExternalName', externalName: 'example.com' } },
  ],
  ServiceAccount: [
    { automountServiceAccountToken: false, secrets: [{ name: 's' }], imagePullSecrets: [{ name: 'i' }] },
  ],
  PersistentVolumeClaim: [{ metadata: { finalizers: ['kubernetes.io/pvc-protection'] }, spec: claim }],
  PersistentVolume: [
    {
      metadata: { finalizers: ['kubernetes.io/pv-protection'] },
      spec: { capacity: { storage: '1024Mi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } },
    },
  ],
  Deployment: [
    { spec: { selector, template } },
    { spec: { selector, template, strategy: { type: 'Recreate' }, replicas: 0, paused: false } },
    { spec: { selector, template, strategy: { rollingUpdate: { maxUnavailable: 0 } } } },
  ],
  ReplicaSet: [{ spec: { selector, template } }],
  StatefulSet: [
    {
      spec: { selector, template, serviceName: 's', volumeClaimTemplates: [{ metadata: { name: 'c' }, spec: claim }] },
    },
    { spec: { selector, template, serviceName: 's', updateStrategy: { type: 'RollingUpdate' } } },
    { spec: { selector, template, serviceName: 's', updateStrategy: { type: 'OnDelete' } } },
  ],
  DaemonSet: [{ spec: { selector, template } }, { spec: { selector, template, updateStrategy: { type: 'OnDelete' } } }],
  Job: [
    { spec: { manualSelector: true, selector, template: { ...template, spec: { ...pod, restartPolicy: 'Never' } } } },
  ],
  Role: [{ rules }, {}],
  ClusterRole: [{ rules }, { aggregationRule: { clusterRoleSelectors: [selector] } }],
  RoleBinding: [{ roleRef, subjects }],
  ClusterRoleBinding: [{ roleRef, subjects }],
  PodDisruptionBudget: [{ spec: { selector, maxUnavailable: 0 } }, { spec: { minAvailable: '50%' } }],
  NetworkPolicy: [
    { spec: {} },
    { spec: { podSelector: selector, egress: [{ ports: [{ port: 53 }], to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] } },
    { spec: { ingress: [{ from: [{ podSelector: {} }] }, {}], policyTypes: ['Ingress'] } },
  ],
  Ingress: [
    { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
    {
      spec: {
        tls: [{ hosts: ['a.example.com'] }],
        rules: [
          {
            host: 'a.example.com',
            http: {
              paths: [{ pathType: 'Prefix', path: '/', backend: { service: { name: 's', port: { name: 'p' } } } }],
            },
          },
        ],
      },
    },
  ],
  Endpoints: [{ subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 80 }] }] }],
  EndpointSlice: [
    {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.1'], conditions: {} }],
      ports: [{ port: 80 }, { name: 'x' }],
    },
    { addressType: 'IPv4' },
  ],
  Lease: [{ spec: { holderIdentity: '', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' } }, {}],
  Event: [
    {
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.com/c',
      reportingInstance: 'i',
      action: 'A',
      reason: 'R',
      type: 'Normal',
      note: '',
      regarding: { kind: 'ConfigMap', name: 'c', namespace: 'default', uid: '' },
    },
  ],
  StorageClass: [{ provisioner: 'example.com/p', parameters: {} }],
  CustomResourceDefinition: [
    {
      spec: {
        group: 'builtin.example.com',
        scope: 'Namespaced',
        names: { plural: 'cows', kind: 'Cow' },
        versions: [version],
      },
    },
  ],
  MutatingWebhookConfiguration: [{ webhooks: [webhook] }],
  ValidatingWebhookConfiguration: [{ webhooks: [webhook] }],
};

/** Objects of built-in kinds in the words in which they are often written: short, with zeros, with amounts of all sorts. */
export const builtinExamples: readonly { readonly resource: Resource; readonly content: JsonObject }[] =
  builtinResources.flatMap((resource) => (contents[resource.kind] ?? []).map((content) => ({ resource, content })));
