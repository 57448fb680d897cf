import { stringify } from 'yaml';
import { ensureComponentImage } from '../images/component-images.ts';
import type { StepOptions } from '../progress.ts';
import type { Lab } from '../up.ts';
import { apply, type Kubectl, waitForRollout } from './kubectl.ts';
import { ensureNodeImages } from './node-images.ts';

const name = 'metrics-server';
const namespace = 'kube-system';
const port = 10_250;
const rolloutTimeoutSeconds = 180;

/**
 * What autoscalers read: the processors and memory that pods use, as their kubelets say (API group metrics.k8s.io). Not part of
 * every lab, since it asks every kubelet all the time: whoever needs it installs it, and removes it when done.
 */
export async function installMetricsServer({ engine, images, kubectl }: Lab, options: StepOptions): Promise<void> {
  const image = images.components[name];
  if (images.source === 'build') {
    await ensureComponentImage(name, engine.docker, options);
    await ensureNodeImages(engine.docker, [image], options);
  }
  await apply(kubectl, objects(image));
  await waitForRollout(kubectl, namespace, [`deployment/${name}`], rolloutTimeoutSeconds);
}

/** Takes it away again, if it is there. */
export async function removeMetricsServer(kubectl: Kubectl): Promise<void> {
  // The group of its API goes first: discovery fails for everybody while nothing serves it.
  const manifests = objects('')
    .map((object) => stringify(object))
    .toReversed();
  await kubectl(['delete', '--ignore-not-found', '--wait', '-f', '-'], manifests.join('---\n'));
}

function objects(image: string): readonly object[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    ...permissions(),
    deployment(image),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { selector: labels, ports: [{ name: 'https', port: 443, targetPort: port }] },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.k8s.io' },
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        service: { name, namespace },
        // Its certificate is of its own making, anew at every start.
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ];
}

const labels = { app: name };

function permissions(): readonly object[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const apiGroup = 'rbac.authorization.k8s.io';
  const subjects = [{ kind: 'ServiceAccount', name, namespace }];
  const rules = [
    { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
  ];
  return [
    { apiVersion, kind: 'ClusterRole', metadata: { name }, rules },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup, kind: 'ClusterRole', name },
      subjects,
    },
    // To ask the API server who calls, and whether they may.
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name: `${name}-auth-delegator` },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'system:auth-delegator' },
      subjects,
    },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata: { name: `${name}-auth-reader`, namespace },
      roleRef: { apiGroup, kind: 'Role', name: 'extension-apiserver-authentication-reader' },
      subjects,
    },
  ];
}

function deployment(image: string): object {
  const args = [
    '--cert-dir=/tmp',
    `--secure-port=${port}`,
    '--kubelet-preferred-address-types=InternalIP',
    // Kubelets of kind sign their own certificates.
    '--kubelet-insecure-tls',
    '--metric-resolution=15s',
  ];
  const container = {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    args,
    readinessProbe: { httpGet: { path: '/readyz', port, scheme: 'HTTPS' }, periodSeconds: 2, timeoutSeconds: 10 },
    volumeMounts: [{ name: 'certificates', mountPath: '/tmp' }],
    securityContext: { runAsNonRoot: true },
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
        spec: { serviceAccountName: name, containers: [container], volumes: [{ name: 'certificates', emptyDir: {} }] },
      },
    },
  };
}
