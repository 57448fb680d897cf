import type { FieldTable } from '../field.ts';

const labels = { team: 'shop' };
const annotations = { note: 'shop' };
const registry = 'mirror.example/k8s';
const matchLabels = { app: 'shop' };
const matchExpressions = [{ key: 'app', operator: 'In', values: ['shop'] }];
const topologySpreadConstraints = [
  {
    maxSkew: 2,
    topologyKey: 'rack',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels, matchExpressions },
    matchLabelKeys: ['pod-template-hash'],
    minDomains: 3,
    nodeAffinityPolicy: 'Ignore',
    nodeTaintsPolicy: 'Honor',
  },
];
const tolerations = [
  { key: 'dedicated', operator: 'Equal', value: 'control', effect: 'NoExecute', tolerationSeconds: 60 },
];
const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } };
const of = (parts: object) => ({ controlPlane: { deployment: parts } });

/** The Deployment, and where its pods run. */
export const deployment: FieldTable = {
  'controlPlane.deployment.replicas': {
    does: 'number of pods; 0 puts the control plane to sleep',
    set: of({ replicas: 3 }),
    sees: (it) => it.at('Deployment demo', 'spec', 'replicas'),
    is: 3,
  },
  'controlPlane.deployment.strategy.type': {
    does: 'whether pods are replaced one set after the other, or all at once',
    set: of({ strategy: { type: 'Recreate' } }),
    sees: (it) => it.at('Deployment demo', 'spec', 'strategy', 'type'),
    is: 'Recreate',
  },
  'controlPlane.deployment.strategy.rollingUpdate.maxUnavailable': {
    does: 'pods that may be missing while they are replaced',
    set: of({ strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } } }),
    sees: (it) => it.at('Deployment demo', 'spec', 'strategy', 'rollingUpdate', 'maxUnavailable'),
    is: 1,
  },
  'controlPlane.deployment.strategy.rollingUpdate.maxSurge': {
    does: 'pods that there may be in addition while they are replaced',
    set: of({ strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%' } } }),
    sees: (it) => it.at('Deployment demo', 'spec', 'strategy', 'rollingUpdate', 'maxSurge'),
    is: '50%',
  },
  'controlPlane.deployment.nodeSelector': {
    does: 'labels of the nodes that may run the pods',
    set: of({ nodeSelector: labels }),
    sees: (it) => it.pod('nodeSelector'),
    is: labels,
  },
  'controlPlane.deployment.runtimeClassName': {
    does: 'RuntimeClass of the pods',
    set: of({ runtimeClassName: 'gvisor' }),
    sees: (it) => it.pod('runtimeClassName'),
    is: 'gvisor',
  },
  'controlPlane.deployment.tolerations': {
    does: 'taints that the pods tolerate',
    set: of({ tolerations }),
    sees: (it) => it.pod('tolerations'),
    is: tolerations,
    whole: true,
  },
  'controlPlane.deployment.affinity': {
    does: 'scheduling affinity of the pods',
    set: of({ affinity }),
    sees: (it) => it.pod('affinity'),
    is: affinity,
  },
  'controlPlane.deployment.topologySpreadConstraints': {
    does: 'how the pods spread, instead of over hosts and zones; without labelSelector it is about these pods',
    set: of({ topologySpreadConstraints }),
    sees: (it) => it.pod('topologySpreadConstraints'),
    is: topologySpreadConstraints,
    whole: true,
  },
  'controlPlane.deployment.additionalMetadata.labels': {
    does: 'labels of the Deployment',
    set: of({ additionalMetadata: { labels } }),
    sees: (it) => it.at('Deployment demo', 'metadata', 'labels', 'team'),
    is: 'shop',
  },
  'controlPlane.deployment.additionalMetadata.annotations': {
    does: 'annotations of the Deployment',
    set: of({ additionalMetadata: { annotations } }),
    sees: (it) => it.at('Deployment demo', 'metadata', 'annotations', 'note'),
    is: 'shop',
  },
  'controlPlane.deployment.podAdditionalMetadata.labels': {
    does: 'labels of the pods',
    set: of({ podAdditionalMetadata: { labels } }),
    sees: (it) => it.at('Deployment demo', 'spec', 'template', 'metadata', 'labels', 'team'),
    is: 'shop',
  },
  'controlPlane.deployment.podAdditionalMetadata.annotations': {
    does: 'annotations of the pods',
    set: of({ podAdditionalMetadata: { annotations } }),
    sees: (it) => it.at('Deployment demo', 'spec', 'template', 'metadata', 'annotations', 'note'),
    is: 'shop',
  },
  'controlPlane.deployment.serviceAccountName': {
    does: 'ServiceAccount of the pods',
    set: of({ serviceAccountName: 'shop' }),
    sees: (it) => it.pod('serviceAccountName'),
    is: 'shop',
  },
  'controlPlane.deployment.automountServiceAccountToken': {
    does: 'whether that ServiceAccount’s token is mounted into the pods',
    set: of({ automountServiceAccountToken: true }),
    sees: (it) => it.pod('automountServiceAccountToken'),
    is: true,
  },
  'controlPlane.deployment.registrySettings.registry': {
    does: 'registry and path of the control plane’s images, and of the addons’ without one of their own',
    apart: 'registry',
    set: of({ registrySettings: { registry } }),
    sees: (it) => [
      it.container('kube-scheduler', 'image'),
      it.container('konnectivity-server', 'image'),
      it.inside('Deployment coredns', 'spec', 'template', 'spec', 'containers', 0, 'image'),
      it.inside('DaemonSet kube-proxy', 'spec', 'template', 'spec', 'containers', 0, 'image'),
      it.inside('DaemonSet konnectivity-agent', 'spec', 'template', 'spec', 'containers', 0, 'image'),
    ],
    is: [
      `${registry}/kube-scheduler:v1.35.4`,
      `${registry}/kas-network-proxy/proxy-server:v0.34.0`,
      `${registry}/coredns/coredns:v1.13.1`,
      `${registry}/kube-proxy:v1.35.4`,
      `${registry}/kas-network-proxy/proxy-agent:v0.34.0`,
    ],
  },
  'controlPlane.deployment.registrySettings.tagSuffix': {
    does: 'what follows the version in the tags of the three components',
    apart: 'suffix',
    set: of({ registrySettings: { tagSuffix: '-fips' } }),
    sees: (it) =>
      ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((name) => it.container(name, 'image')),
    is: [
      'registry.k8s.io/kube-apiserver:v1.35.4-fips',
      'registry.k8s.io/kube-controller-manager:v1.35.4-fips',
      'registry.k8s.io/kube-scheduler:v1.35.4-fips',
    ],
  },
  'controlPlane.deployment.registrySettings.apiServerImage': {
    does: 'name of kube-apiserver’s image',
    apart: 'images',
    set: of({ registrySettings: { apiServerImage: 'api' } }),
    sees: (it) => it.container('kube-apiserver', 'image'),
    is: 'registry.k8s.io/api:v1.35.4',
  },
  'controlPlane.deployment.registrySettings.controllerManagerImage': {
    does: 'name of kube-controller-manager’s image',
    apart: 'images',
    set: of({ registrySettings: { controllerManagerImage: 'kcm' } }),
    sees: (it) => it.container('kube-controller-manager', 'image'),
    is: 'registry.k8s.io/kcm:v1.35.4',
  },
  'controlPlane.deployment.registrySettings.schedulerImage': {
    does: 'name of kube-scheduler’s image',
    apart: 'images',
    set: of({ registrySettings: { schedulerImage: 'sched' } }),
    sees: (it) => it.container('kube-scheduler', 'image'),
    is: 'registry.k8s.io/sched:v1.35.4',
  },
};
