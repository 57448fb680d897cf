import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { annotations } from '#api/labels.ts';
import type { AddonObject, DaemonSet } from './objects.ts';
import { account, clusterRoleBinding, group, metadata, roleFor, serviceAccount, SYSTEM_NAMESPACE } from './objects.ts';
import type { AddonVersions } from './versions.ts';
import { kubeProxyImage } from './versions.ts';

export interface KubeProxyInput {
  readonly tenantControlPlane: TenantControlPlane;
  /** Default: those of the table. */
  readonly versions?: AddonVersions;
  /** `host:port` under which nodes reach the API server, an IPv6 host in brackets. */
  readonly controlPlaneEndpoint: string;
  /** The tenant's pod networks, the primary family first (`networksOf`). */
  readonly podCidrs: readonly string[];
  /** Applies the user's patches (`spec.addons.kubeProxy.configurationJSONPatches`) to the configuration; default: none. */
  readonly patch?: (configuration: object) => object;
}

const NAME = 'kube-proxy';
const DIRECTORY = '/var/lib/kube-proxy';
const TOKEN_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** kube-proxy as `kubeadm init` installs it, in apply order. A change of its configuration rolls its pods. */
export function kubeProxy(input: KubeProxyInput): readonly AddonObject[] {
  const { patch = (unpatched) => unpatched } = input;
  const data = {
    'config.conf': stringify(patch(configuration(input.podCidrs))),
    'kubeconfig.conf': stringify(kubeconfig(input.controlPlaneEndpoint)),
  };
  const checksum = createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 32);
  return [
    serviceAccount(NAME),
    clusterRoleBinding('kubeadm:node-proxier', 'system:node-proxier', [account(NAME)]),
    // Joining nodes read its configuration (Kubernetes: kubeadm join).
    ...roleFor(
      NAME,
      [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames: [NAME] }],
      [group('system:bootstrappers:kubeadm:default-node-token')],
    ),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata(NAME, SYSTEM_NAMESPACE, { labels: { app: NAME } }),
      data,
    },
    daemonSet(kubeProxyImage(input.tenantControlPlane, input.versions), checksum),
  ];
}

function configuration(podCidrs: readonly string[]): object {
  const [primary = ''] = podCidrs;
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    bindAddress: primary.includes(':') ? '::' : '0.0.0.0',
    clientConnection: { kubeconfig: `${DIRECTORY}/kubeconfig.conf` },
    ...(podCidrs.length > 0 && { clusterCIDR: podCidrs.join(',') }),
    // The platform's own choice.
    mode: '',
  };
}

function kubeconfig(controlPlaneEndpoint: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'default',
        cluster: {
          'certificate-authority': `${TOKEN_DIRECTORY}/ca.crt`,
          server: `https://${controlPlaneEndpoint}`,
        },
      },
    ],
    contexts: [{ name: 'default', context: { cluster: 'default', namespace: 'default', user: 'default' } }],
    'current-context': 'default',
    users: [{ name: 'default', user: { tokenFile: `${TOKEN_DIRECTORY}/token` } }],
  };
}

function daemonSet(image: string, checksum: string): DaemonSet {
  const selector = { 'k8s-app': NAME };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadata(NAME, SYSTEM_NAMESPACE, { labels: selector }),
    spec: {
      selector: { matchLabels: selector },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
      template: {
        metadata: { labels: selector, annotations: { [annotations.checksum]: checksum } },
        spec: {
          priorityClassName: 'system-node-critical',
          serviceAccountName: NAME,
          hostNetwork: true,
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          tolerations: [{ operator: 'Exists' }],
          containers: [
            {
              name: NAME,
              image,
              imagePullPolicy: 'IfNotPresent',
              command: [
                '/usr/local/bin/kube-proxy',
                `--config=${DIRECTORY}/config.conf`,
                '--hostname-override=$(NODE_NAME)',
              ],
              env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
              securityContext: { privileged: true },
              volumeMounts: [
                { name: NAME, mountPath: DIRECTORY },
                { name: 'xtables-lock', mountPath: '/run/xtables.lock' },
                { name: 'lib-modules', mountPath: '/lib/modules', readOnly: true },
              ],
            },
          ],
          volumes: [
            { name: NAME, configMap: { name: NAME } },
            { name: 'xtables-lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } },
            { name: 'lib-modules', hostPath: { path: '/lib/modules' } },
          ],
        },
      },
    },
  };
}
