import { DEFAULT_REPLICAS } from '#api/kamaji/v1alpha1/defaults.ts';
import { konnectivityPortOf } from './address.ts';
import { mergeArguments } from './args.ts';
import { KONNECTIVITY_SOCKET } from './egress-selector.ts';
import type { KonnectivityServer } from './input.ts';
import type { Part, PartContext } from './part.ts';
import { LIVENESS } from './probes.ts';
import { resourcesOf } from './resources.ts';
import { containerSecurity } from './security.ts';
import { projectedVolume, secretFiles, socketVolume } from './volumes.ts';

const SOCKET_VOLUME = 'konnectivity-uds';
const VOLUME = 'konnectivity-server-kubeconfig';
const DIRECTORY = '/etc/kubernetes';
const ADMIN_PORT = 8133;
const HEALTH_PORT = 8134;

/** Mount of the directory of the socket between API server and konnectivity server. */
export const KONNECTIVITY_SOCKET_MOUNT = { name: SOCKET_VOLUME, mountPath: '/run/konnectivity' };

/** The konnectivity server: agents on the tenant's nodes dial in, and the API server reaches the nodes through them. */
export function konnectivityServer(
  { input, names, security, termination }: PartContext,
  { serverImage, countByLeases }: KonnectivityServer,
): Part {
  const { spec } = input.tenantControlPlane;
  const server = spec.addons?.konnectivity?.server;
  const agentPort = konnectivityPortOf(input.tenantControlPlane);
  const replicas = spec.controlPlane.deployment?.replicas ?? DEFAULT_REPLICAS;
  return {
    container: {
      name: 'konnectivity-server',
      image: serverImage,
      imagePullPolicy: 'IfNotPresent',
      command: ['/proxy-server'],
      args: mergeArguments(
        {
          '--uds-name': KONNECTIVITY_SOCKET,
          '--cluster-cert': `${DIRECTORY}/pki/apiserver.crt`,
          '--cluster-key': `${DIRECTORY}/pki/apiserver.key`,
          '--mode': 'grpc',
          '--server-port': '0',
          '--agent-port': String(agentPort),
          '--admin-port': String(ADMIN_PORT),
          '--health-port': String(HEALTH_PORT),
          '--agent-namespace': 'kube-system',
          '--agent-service-account': 'konnectivity-agent',
          '--kubeconfig': `${DIRECTORY}/konnectivity-server.conf`,
          '--authentication-audience': 'system:konnectivity-server',
          ...(countByLeases ? { '--enable-lease-controller': 'true' } : { '--server-count': String(replicas) }),
        },
        server?.extraArgs,
        'system',
      ),
      // Stable over restarts of the container, so that its lease is renewed and not joined by another.
      env: [{ name: 'PROXY_SERVER_ID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } }],
      ports: [
        { name: 'agentport', containerPort: agentPort, protocol: 'TCP' },
        { name: 'healthport', containerPort: HEALTH_PORT, protocol: 'TCP' },
      ],
      resources: resourcesOf(server?.resources, { cpu: '10m', memory: '16Mi' }),
      livenessProbe: { httpGet: { path: '/healthz', port: HEALTH_PORT, scheme: 'HTTP' }, ...LIVENESS },
      lifecycle: { preStop: { sleep: { seconds: termination.sidecarDelay } } },
      securityContext: {
        ...containerSecurity(server?.securityContext),
        // Upstream's image names another user, who could not read the keys.
        ...(security.rootOnly && server?.securityContext?.runAsUser === undefined && { runAsUser: 0 }),
      },
      volumeMounts: [KONNECTIVITY_SOCKET_MOUNT, { name: VOLUME, mountPath: DIRECTORY, readOnly: true }],
    },
    volumes: [
      socketVolume(SOCKET_VOLUME),
      projectedVolume(VOLUME, security.fileMode, [
        secretFiles(names.apiServerCertificate, {
          'apiserver.crt': 'pki/apiserver.crt',
          'apiserver.key': 'pki/apiserver.key',
        }),
        secretFiles(names.konnectivityKubeconfig, { 'konnectivity-server.conf': 'konnectivity-server.conf' }),
      ]),
    ],
  };
}
