import { k8s } from 'cdk8s-plus-28';
import { AUTHORIZATION_PORT, MANAGER_LABELS } from '#api/manager-service.ts';
import { IMAGE, NAMESPACE, PROVIDER_LABELS, SERVICE_ACCOUNT } from './identity.ts';

/** Name of the container port that serves admission. */
export const WEBHOOK_PORT_NAME = 'webhook-server';

/** Name of the container port at which API servers of tenants are answered. */
export const AUTHORIZATION_PORT_NAME = 'authorization';

const HEALTH_PORT_NAME = 'healthz';

/** Flags of the manager; the variables are clusterctl's, each with its default. */
const args = [
  '--leader-elect',
  '--metrics-bind-address=:8080',
  '--health-probe-bind-address=:8081',
  '--konnectivity-default=${KAMAJI_KONNECTIVITY_DEFAULT:=true}',
  '--managed-datastore=${KAMAJI_MANAGED_DATASTORE:=true}',
];

/** In what an installation differs from the one that clusterctl makes. */
interface Installation {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Beside the usual ones. */
  readonly flags: readonly string[];
}

/**
 * Empty unless the variable is set. clusterctl takes an empty default for none and refuses to go on; for one that is a variable
 * nobody sets it does not (clusterctl: yamlprocessor/simple_processor.go).
 */
export const WATCH_FILTER_FLAG = '--watch-filter=${KAMAJI_WATCH_FILTER:=${KAMAJI_NO_WATCH_FILTER}}';

const INSTALLATION: Installation = {
  namespace: NAMESPACE,
  labels: PROVIDER_LABELS,
  flags: [WATCH_FILTER_FLAG],
};

/** The Deployment of the manager. Its container is named `manager`, as clusterctl's contract wants. */
export function managerDeployment({ namespace, labels, flags } = INSTALLATION): k8s.KubeDeploymentProps {
  return {
    metadata: { name: SERVICE_ACCOUNT, namespace, labels: { ...labels, ...MANAGER_LABELS } },
    spec: {
      replicas: 1,
      selector: { matchLabels: MANAGER_LABELS },
      template: {
        metadata: { labels: { ...labels, ...MANAGER_LABELS } },
        spec: {
          serviceAccountName: SERVICE_ACCOUNT,
          terminationGracePeriodSeconds: 30,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          affinity: { podAntiAffinity: apart() },
          tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
          containers: [managerContainer(flags)],
        },
      },
    },
  };
}

/** Lets a node be drained at any number of replicas, and never takes more than one of them. */
export function managerDisruptionBudget(): k8s.KubePodDisruptionBudgetProps {
  return {
    metadata: { name: SERVICE_ACCOUNT, namespace: NAMESPACE, labels: PROVIDER_LABELS },
    spec: {
      maxUnavailable: k8s.IntOrString.fromNumber(1),
      selector: { matchLabels: MANAGER_LABELS },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  };
}

/** Replicas on nodes of their own where there are enough. */
function apart(): k8s.PodAntiAffinity {
  const podAffinityTerm = { labelSelector: { matchLabels: MANAGER_LABELS }, topologyKey: 'kubernetes.io/hostname' };
  return { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] };
}

function managerContainer(flags: readonly string[]): k8s.Container {
  return {
    name: 'manager',
    image: IMAGE,
    imagePullPolicy: 'IfNotPresent',
    args: [...args, ...flags],
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    ],
    ports: [
      { name: 'metrics', containerPort: 8080 },
      { name: HEALTH_PORT_NAME, containerPort: 8081 },
      { name: WEBHOOK_PORT_NAME, containerPort: 9443 },
      { name: AUTHORIZATION_PORT_NAME, containerPort: AUTHORIZATION_PORT },
    ],
    livenessProbe: probe('/healthz', { periodSeconds: 10, failureThreshold: 6 }),
    readinessProbe: probe('/readyz', { periodSeconds: 5 }),
    startupProbe: probe('/healthz', { periodSeconds: 1, failureThreshold: 60 }),
    resources: {
      requests: { cpu: k8s.Quantity.fromString('100m'), memory: k8s.Quantity.fromString('128Mi') },
      limits: { memory: k8s.Quantity.fromString('1Gi') },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
  };
}

function probe(path: string, timing: Pick<k8s.Probe, 'periodSeconds' | 'failureThreshold'>): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromString(HEALTH_PORT_NAME) }, timeoutSeconds: 5, ...timing };
}
