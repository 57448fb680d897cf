import { stringify } from 'yaml';
import type { ClusterService } from './service.ts';

export interface StorageImages {
  readonly provisioner: string;
  /** Has `sh`, `mkdir` and `rm`. */
  readonly shell: string;
}

const namespace = 'local-path-storage';
const name = 'local-path-provisioner';
const driver = 'rancher.io/local-path';

/**
 * Default StorageClass `standard`: volumes are directories of the node, made by local-path-provisioner. kind's own node
 * image brings the same; this is for one that does not.
 */
export function storage(images: StorageImages): ClusterService {
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    ...permissions(),
    configuration(images.shell),
    deployment(images.provisioner),
    storageClass(),
  ];
  const manifests = objects.map((object) => stringify(object)).join('---\n');
  return { name: 'storage', namespace, manifests, workloads: [`deployment/${name}`] };
}

function permissions(): readonly object[] {
  const all = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
  const read = ['get', 'list', 'watch'];
  const rules = [
    { apiGroups: [''], resources: ['nodes', 'persistentvolumeclaims', 'configmaps', 'pods/log'], verbs: read },
    { apiGroups: [''], resources: ['persistentvolumes', 'pods'], verbs: all },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
    { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: read },
    // Leader election of the provisioner library.
    { apiGroups: [''], resources: ['endpoints'], verbs: all },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: all },
  ];
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
  return [
    { apiVersion, kind: 'ClusterRole', metadata: { name }, rules },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef,
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
}

function configuration(shellImage: string): object {
  const helperPod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'helper-pod' },
    spec: {
      priorityClassName: 'system-node-critical',
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'helper-pod', image: shellImage, imagePullPolicy: 'IfNotPresent' }],
    },
  };
  const nodePathMap = [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: ['/var/local-path-provisioner'] }];
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'local-path-config', namespace },
    data: {
      'config.json': JSON.stringify({ nodePathMap }),
      setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
      teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
      'helperPod.yaml': stringify(helperPod),
    },
  };
}

function deployment(image: string): object {
  const labels = { app: name };
  const container = {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    command: [name, 'start', '--config', '/etc/config/config.json', '--service-account-name', name],
    volumeMounts: [{ name: 'config', mountPath: '/etc/config' }],
    env: [
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'CONFIG_MOUNT_PATH', value: '/etc/config/' },
    ],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          containers: [container],
          volumes: [{ name: 'config', configMap: { name: 'local-path-config' } }],
        },
      },
    },
  };
}

function storageClass(): object {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: driver,
    volumeBindingMode: 'WaitForFirstConsumer',
    reclaimPolicy: 'Delete',
  };
}
