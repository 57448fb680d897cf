import { DEFAULT_KONNECTIVITY_AGENT_TOLERATIONS } from '#api/kamaji/v1alpha1/defaults.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { AddonObject, Container, PodTemplate, ResourceRequirements } from './objects.ts';
import {
  account,
  apartFrom,
  clusterRoleBinding,
  metadata,
  roleFor,
  serviceAccount,
  SYSTEM_NAMESPACE,
  user,
} from './objects.ts';
import type { AddonVersions } from './versions.ts';
import { konnectivityImages } from './versions.ts';

export interface KonnectivityAgentInput {
  readonly tenantControlPlane: TenantControlPlane;
  /** Default: those of the table. */
  readonly versions?: AddonVersions;
  /** Where agents dial the konnectivity server (`konnectivityEndpointOf`). */
  readonly server: { readonly host: string; readonly port: number };
  /** Where nodes reach the API server; host is an IP address or a name, without brackets. */
  readonly apiServer: { readonly host: string; readonly port: number };
}

const NAME = 'konnectivity-agent';
const SERVER_USER = 'system:konnectivity-server';
const HEALTH_PORT = 8134;
const TOKEN_DIRECTORY = '/var/run/secrets/tokens';
const TOKEN = 'konnectivity-agent-token';
const SELECTOR = { 'k8s-app': NAME };

/**
 * What the tunnel needs inside the tenant, in apply order: rights of the servers, which check the agents' tokens and announce
 * themselves by leases, and the agents, which count those leases to know how many servers they have to reach.
 */
export function konnectivityAgent(input: KonnectivityAgentInput): readonly AddonObject[] {
  const { agent } = input.tenantControlPlane.spec.addons?.konnectivity ?? {};
  const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };
  return [
    serviceAccount(NAME),
    clusterRoleBinding(SERVER_USER, 'system:auth-delegator', [user(SERVER_USER)]),
    ...roleFor(
      SERVER_USER,
      [{ ...leases, verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'] }],
      [user(SERVER_USER)],
    ),
    ...roleFor(NAME, [{ ...leases, verbs: ['get', 'list', 'watch'] }], [account(NAME)]),
    agent?.mode === 'Deployment'
      ? {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: metadata(NAME, SYSTEM_NAMESPACE, { labels: SELECTOR }),
          spec: {
            // Two, so that logs and exec survive the loss of a node.
            replicas: agent.replicas || 2,
            selector: { matchLabels: SELECTOR },
            strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
            template: podTemplate(input),
          },
        }
      : {
          apiVersion: 'apps/v1',
          kind: 'DaemonSet',
          metadata: metadata(NAME, SYSTEM_NAMESPACE, { labels: SELECTOR }),
          spec: {
            selector: { matchLabels: SELECTOR },
            updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
            template: podTemplate(input),
          },
        },
  ];
}

function podTemplate(input: KonnectivityAgentInput): PodTemplate {
  const { agent } = input.tenantControlPlane.spec.addons?.konnectivity ?? {};
  const tolerations = agent?.tolerations ?? DEFAULT_KONNECTIVITY_AGENT_TOLERATIONS;
  return {
    metadata: { labels: SELECTOR },
    spec: {
      priorityClassName: 'system-cluster-critical',
      serviceAccountName: NAME,
      ...(agent?.hostNetwork === true && { hostNetwork: true }),
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [...tolerations],
      ...(agent?.mode === 'Deployment' && {
        affinity: apartFrom(NAME),
      }),
      containers: [container(input)],
      volumes: [
        {
          name: TOKEN,
          projected: {
            sources: [{ serviceAccountToken: { audience: SERVER_USER, expirationSeconds: 3600, path: TOKEN } }],
          },
        },
      ],
    },
  };
}

function container(input: KonnectivityAgentInput): Container {
  const { tenantControlPlane, versions, apiServer } = input;
  return {
    name: NAME,
    image: konnectivityImages(tenantControlPlane, versions).agentImage,
    imagePullPolicy: 'IfNotPresent',
    command: ['/proxy-agent'],
    args: args(input),
    env: [
      // Leases are read straight from the control plane: the tunnel must stand before kube-proxy and Services do.
      { name: 'KUBERNETES_SERVICE_HOST', value: apiServer.host },
      { name: 'KUBERNETES_SERVICE_PORT', value: String(apiServer.port) },
    ],
    ports: [{ name: 'healthport', containerPort: HEALTH_PORT, protocol: 'TCP' }],
    resources: resourcesOf(tenantControlPlane),
    volumeMounts: [{ name: TOKEN, mountPath: TOKEN_DIRECTORY, readOnly: true }],
    livenessProbe: {
      httpGet: { path: '/healthz', port: HEALTH_PORT, scheme: 'HTTP' },
      initialDelaySeconds: 15,
      timeoutSeconds: 15,
    },
    readinessProbe: { httpGet: { path: '/readyz', port: HEALTH_PORT, scheme: 'HTTP' }, timeoutSeconds: 15 },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
  };
}

// The user may write quantities as numbers.
function resourcesOf({ spec }: TenantControlPlane): ResourceRequirements {
  const chosen = spec.addons?.konnectivity?.agent?.resources;
  if (chosen === undefined) return { requests: { cpu: '10m', memory: '32Mi' } };
  const texts = (quantities: Readonly<Record<string, number | string>>): { [resource: string]: string } =>
    Object.fromEntries(Object.entries(quantities).map(([resource, quantity]) => [resource, String(quantity)]));
  return {
    ...(chosen.limits && { limits: texts(chosen.limits) }),
    ...(chosen.requests && { requests: texts(chosen.requests) }),
    ...(chosen.claims && { claims: [...chosen.claims] }),
  };
}

function args({ tenantControlPlane, versions, server }: KonnectivityAgentInput): string[] {
  const own: Readonly<Record<string, string>> = {
    '--admin-server-port': '8133',
    '--ca-cert': '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
    ...(konnectivityImages(tenantControlPlane, versions).countByLeases && { '--count-server-leases': 'true' }),
    '--health-server-port': String(HEALTH_PORT),
    '--logtostderr': 'true',
    '--proxy-server-host': server.host,
    '--proxy-server-port': String(server.port),
    '--service-account-token-path': `${TOKEN_DIRECTORY}/${TOKEN}`,
  };
  const chosen = tenantControlPlane.spec.addons?.konnectivity?.agent?.extraArgs ?? [];
  const byFlag = new Map(Object.entries(own).map(([flag, value]) => [flag, `${flag}=${value}`]));
  // The user's word counts, the last one of several.
  for (const argument of chosen) byFlag.set(argument.split('=', 1)[0] ?? argument, argument);
  // By bytes, so that the order is the same on every machine.
  return [...byFlag.values()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
