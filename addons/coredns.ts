import { createHash } from 'node:crypto';
import { DEFAULT_CLUSTER_DOMAIN } from '#api/kamaji/v1alpha1/defaults.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { annotations } from '#api/labels.ts';
import type { AddonObject, ConfigMap, Deployment, Service } from './objects.ts';
import {
  account,
  apartFrom,
  clusterRole,
  clusterRoleBinding,
  metadata,
  serviceAccount,
  SYSTEM_NAMESPACE,
} from './objects.ts';
import type { AddonVersions } from './versions.ts';
import { coreDnsImage } from './versions.ts';

export interface CoreDnsInput {
  readonly tenantControlPlane: TenantControlPlane;
  /** Default: those of the table. */
  readonly versions?: AddonVersions;
  /** Addresses of the Service, the primary family first (`networksOf`). */
  readonly dnsServiceIPs: readonly string[];
  /** What is there already, of which the user may have changed some. */
  readonly existing?: CoreDnsExisting;
}

/** What is read of the live objects `kube-system/coredns`. */
export interface CoreDnsExisting {
  /** Of the Deployment. */
  readonly replicas?: number;
  /** Key `Corefile` of the ConfigMap. */
  readonly corefile?: string;
  /** Annotation `kamaji.clastix.io/checksum` of the ConfigMap. */
  readonly checksum?: string;
}

const SELECTOR = { 'k8s-app': 'kube-dns' };
const ROLE = 'system:coredns';

/**
 * The cluster DNS as `kubeadm init` installs it, in apply order. A number of replicas that somebody set is kept, and so is a
 * Corefile that is no longer the one we wrote.
 */
export function coreDns(input: CoreDnsInput): readonly AddonObject[] {
  return [
    serviceAccount('coredns'),
    clusterRole(ROLE, [
      { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ]),
    clusterRoleBinding(ROLE, ROLE, [account('coredns')]),
    configMap(input),
    service(input.dnsServiceIPs),
    deployment(input),
  ];
}

/** The hash by which a Corefile is recognised as ours: the value of the annotation. */
export function corefileChecksum(corefile: string): string {
  return createHash('sha256').update(corefile).digest('hex').slice(0, 32);
}

function configMap({ tenantControlPlane, existing }: CoreDnsInput): ConfigMap {
  const ours = defaultCorefile(tenantControlPlane.spec.networkProfile?.clusterDomain || DEFAULT_CLUSTER_DOMAIN);
  const kept = existing?.corefile;
  const edited = kept !== undefined && corefileChecksum(kept) !== existing?.checksum;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    // Of the default also where another one is kept: to that, the hash must not fit.
    metadata: metadata('coredns', SYSTEM_NAMESPACE, {
      annotations: { [annotations.checksum]: corefileChecksum(ours) },
    }),
    data: { Corefile: edited ? kept : ours },
  };
}

function defaultCorefile(clusterDomain: string): string {
  return `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes ${clusterDomain} in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success ${clusterDomain}
       disable denial ${clusterDomain}
    }
    loop
    reload
    loadbalance
}
`;
}

function service(dnsServiceIPs: readonly string[]): Service {
  const [primary = '', ...others] = dnsServiceIPs;
  const secondary = others.find((address) => familyOf(address) !== familyOf(primary));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('kube-dns', SYSTEM_NAMESPACE, {
      labels: { ...SELECTOR, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
      annotations: { 'prometheus.io/port': '9153', 'prometheus.io/scrape': 'true' },
    }),
    spec: {
      clusterIP: primary,
      ...(secondary !== undefined && {
        clusterIPs: [primary, secondary],
        ipFamilies: [familyOf(primary), familyOf(secondary)],
        ipFamilyPolicy: 'PreferDualStack',
      }),
      selector: SELECTOR,
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
        { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 },
      ],
    },
  };
}

function deployment({ tenantControlPlane, versions, existing }: CoreDnsInput): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata('coredns', SYSTEM_NAMESPACE, { labels: SELECTOR }),
    spec: {
      replicas: existing?.replicas ?? 2,
      selector: { matchLabels: SELECTOR },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: '25%' } },
      template: {
        metadata: { labels: SELECTOR },
        spec: {
          priorityClassName: 'system-cluster-critical',
          serviceAccountName: 'coredns',
          // Its own upstream is the node's resolver.
          dnsPolicy: 'Default',
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          tolerations: [
            { key: 'CriticalAddonsOnly', operator: 'Exists' },
            { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
          ],
          affinity: apartFrom('kube-dns'),
          containers: [
            {
              name: 'coredns',
              image: coreDnsImage(tenantControlPlane, versions),
              imagePullPolicy: 'IfNotPresent',
              args: ['-conf', '/etc/coredns/Corefile'],
              ports: [
                { name: 'dns', containerPort: 53, protocol: 'UDP' },
                { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
                { name: 'metrics', containerPort: 9153, protocol: 'TCP' },
                { name: 'liveness-probe', containerPort: 8080, protocol: 'TCP' },
                { name: 'readiness-probe', containerPort: 8181, protocol: 'TCP' },
              ],
              resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
              volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns', readOnly: true }],
              livenessProbe: {
                httpGet: { path: '/health', port: 'liveness-probe', scheme: 'HTTP' },
                initialDelaySeconds: 60,
                timeoutSeconds: 5,
                failureThreshold: 5,
              },
              readinessProbe: { httpGet: { path: '/ready', port: 'readiness-probe', scheme: 'HTTP' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
                readOnlyRootFilesystem: true,
              },
            },
          ],
          volumes: [
            { name: 'config-volume', configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] } },
          ],
        },
      },
    },
  };
}

function familyOf(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}
