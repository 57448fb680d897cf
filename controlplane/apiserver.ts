import {
  DEFAULT_ADMISSION_CONTROLLERS,
  DEFAULT_API_SERVER_IMAGE,
  DEFAULT_CLUSTER_DOMAIN,
  DEFAULT_PREFERRED_ADDRESS_TYPES,
} from '#api/kamaji/v1alpha1/defaults.ts';
import { apiPortOf } from './address.ts';
import { layerArguments, userValue } from './args.ts';
import { AUTHORIZATION_DIRECTORY, AUTHORIZATION_FILE, authorizesByFile } from './authorization.ts';
import { EGRESS_SELECTOR_KEY } from './egress-selector.ts';
import { KINE_ENDPOINT, KINE_SOCKET_MOUNT } from './kine.ts';
import { KONNECTIVITY_SOCKET_MOUNT } from './konnectivity-server.ts';
import { networksOf } from './networks.ts';
import type { Part, PartContext } from './part.ts';
import { componentImage } from './part.ts';
import type { VolumeMount, VolumeProjection } from './pod.ts';
import { probesOf } from './probes.ts';
import { resourcesOf } from './resources.ts';
import { containerSecurity } from './security.ts';
import { DEFAULT_SHUTDOWN_DELAY, SHUTDOWN_DELAY_FLAG } from './termination.ts';
import { configMapFiles, PKI_DIRECTORY, projectedVolume, secretFiles, wholeSecret } from './volumes.ts';

const PKI_VOLUME = 'etc-kubernetes-pki';
const AUTHORIZATION_VOLUME = 'authorization';
const EGRESS_VOLUME = 'egress-selector-configuration';
const EGRESS_DIRECTORY = '/etc/kubernetes/konnectivity/configurations';

type Flags = readonly (readonly [flag: string, value: string])[];

/** kube-apiserver. It holds no key of a certificate authority: it signs nothing. */
export function apiServer(context: PartContext): Part {
  const { tenantControlPlane, konnectivity } = context.input;
  const { deployment } = tenantControlPlane.spec.controlPlane;
  const user = deployment?.extraArgs?.apiServer;
  const target = { port: apiPortOf(tenantControlPlane), liveness: '/livez', readiness: '/readyz', startup: '/livez' };
  return {
    container: {
      name: 'kube-apiserver',
      image: componentImage(tenantControlPlane, 'apiServerImage', DEFAULT_API_SERVER_IMAGE),
      imagePullPolicy: 'IfNotPresent',
      command: ['kube-apiserver'],
      args: layerArguments({ managed: managedFlags(context), defaults: defaultFlags(context, user) }, user),
      ports: [{ name: 'kube-apiserver', containerPort: target.port, protocol: 'TCP' }],
      resources: resourcesOf(deployment?.resources?.apiServer, { cpu: '100m', memory: '256Mi' }),
      ...probesOf(tenantControlPlane, 'apiServer', target),
      securityContext: containerSecurity(deployment?.containerSecurityContexts?.apiServer),
      volumeMounts: [...(deployment?.additionalVolumeMounts?.apiServer ?? []), ...mounts(context)],
    },
    volumes: [
      projectedVolume(PKI_VOLUME, context.security.fileMode, pkiFiles(context)),
      ...(authorizesByFile(tenantControlPlane)
        ? [projectedVolume(AUTHORIZATION_VOLUME, context.security.fileMode, [wholeSecret(context.names.authorization)])]
        : []),
      ...(konnectivity
        ? [
            projectedVolume(EGRESS_VOLUME, context.security.fileMode, [
              configMapFiles(context.names.egressSelectorConfiguration, { [EGRESS_SELECTOR_KEY]: EGRESS_SELECTOR_KEY }),
            ]),
          ]
        : []),
    ],
  };
}

/** Whether the API server maintains the endpoints of `default/kubernetes` itself, because the user chose how. */
export function maintainsOwnEndpoints(extraArgs: readonly string[] | undefined): boolean {
  return userValue(extraArgs, ENDPOINT_RECONCILER_FLAG) !== undefined;
}

const ENDPOINT_RECONCILER_FLAG = '--endpoint-reconciler-type';

function managedFlags({ input }: PartContext): Flags {
  const { tenantControlPlane, advertiseAddress, konnectivity } = input;
  const { kubernetes } = tenantControlPlane.spec;
  return [
    ['--advertise-address', advertiseAddress],
    ['--client-ca-file', `${PKI_DIRECTORY}/ca.crt`],
    ['--enable-admission-plugins', admissionPlugins(kubernetes.admissionControllers).join(',')],
    ['--kubelet-client-certificate', `${PKI_DIRECTORY}/apiserver-kubelet-client.crt`],
    ['--kubelet-client-key', `${PKI_DIRECTORY}/apiserver-kubelet-client.key`],
    [
      '--kubelet-preferred-address-types',
      (kubernetes.kubelet.preferredAddressTypes ?? DEFAULT_PREFERRED_ADDRESS_TYPES).join(','),
    ],
    ['--proxy-client-cert-file', `${PKI_DIRECTORY}/front-proxy-client.crt`],
    ['--proxy-client-key-file', `${PKI_DIRECTORY}/front-proxy-client.key`],
    ['--requestheader-allowed-names', 'front-proxy-client'],
    ['--requestheader-client-ca-file', `${PKI_DIRECTORY}/front-proxy-ca.crt`],
    ['--secure-port', String(apiPortOf(tenantControlPlane))],
    ['--service-account-key-file', `${PKI_DIRECTORY}/sa.pub`],
    ['--service-account-signing-key-file', `${PKI_DIRECTORY}/sa.key`],
    ['--service-cluster-ip-range', networksOf(tenantControlPlane).serviceCidrs.join(',')],
    ['--tls-cert-file', `${PKI_DIRECTORY}/apiserver.crt`],
    ['--tls-private-key-file', `${PKI_DIRECTORY}/apiserver.key`],
    ...storageFlags(input.storage),
    ...(authorizesByFile(tenantControlPlane)
      ? [['--authorization-config', `${AUTHORIZATION_DIRECTORY}/${AUTHORIZATION_FILE}`] as const]
      : []),
    ...(konnectivity ? [['--egress-selector-config-file', `${EGRESS_DIRECTORY}/${EGRESS_SELECTOR_KEY}`] as const] : []),
  ];
}

function storageFlags(storage: PartContext['input']['storage']): Flags {
  if (storage.driver !== 'etcd') return [['--etcd-servers', KINE_ENDPOINT]];
  const urls = (endpoints: readonly string[], separator: string): string =>
    endpoints.map((endpoint) => `https://${endpoint}`).join(separator);
  const overrides = storage.overrides ?? [];
  return [
    ['--etcd-servers', urls(storage.endpoints, ',')],
    ['--etcd-prefix', `/${storage.schema}`],
    // The store compacts itself: a tenant compacting a shared one would cut off the watches of all others.
    ['--etcd-compaction-interval', '0'],
    ['--etcd-cafile', `${PKI_DIRECTORY}/etcd/ca.crt`],
    ['--etcd-certfile', `${PKI_DIRECTORY}/etcd/server.crt`],
    ['--etcd-keyfile', `${PKI_DIRECTORY}/etcd/server.key`],
    ...(overrides.length > 0
      ? [
          [
            '--etcd-servers-overrides',
            overrides.map(({ resource, endpoints }) => `${resource}#${urls(endpoints, ';')}`).join(','),
          ] as const,
        ]
      : []),
  ];
}

function defaultFlags({ input }: PartContext, user: readonly string[] | undefined): Flags {
  const issuer = `https://kubernetes.default.svc.${input.tenantControlPlane.spec.networkProfile?.clusterDomain || DEFAULT_CLUSTER_DOMAIN}`;
  return [
    ['--allow-privileged', 'true'],
    ['--enable-bootstrap-token-auth', 'true'],
    // All replicas share one advertised address. The reconcilers built into the API server take one address for one server,
    // and whichever replica stops would remove it for the others.
    [ENDPOINT_RECONCILER_FLAG, 'none'],
    ['--requestheader-extra-headers-prefix', 'X-Remote-Extra-'],
    ['--requestheader-group-headers', 'X-Remote-Group'],
    ['--requestheader-username-headers', 'X-Remote-User'],
    ['--service-account-issuer', issuer],
    // Upstream issues tokens under this name whatever the domain is: still accepted from a tenant that it made.
    ...(issuer === UPSTREAM_ISSUER ? [] : [['--service-account-issuer', UPSTREAM_ISSUER] as const]),
    [SHUTDOWN_DELAY_FLAG, DEFAULT_SHUTDOWN_DELAY],
    ...(authorizesByFile(input.tenantControlPlane) || userValue(user, '--authorization-config') !== undefined
      ? []
      : [['--authorization-mode', 'Node,RBAC'] as const]),
  ];
}

const UPSTREAM_ISSUER = `https://kubernetes.default.svc.${DEFAULT_CLUSTER_DOMAIN}`;

// Without NodeRestriction a kubelet may change other nodes and their pods (Kubernetes: Node authorization).
function admissionPlugins(chosen: readonly string[] = DEFAULT_ADMISSION_CONTROLLERS): readonly string[] {
  return [...new Set([...chosen, 'NodeRestriction'])];
}

function pkiFiles({ input, names }: PartContext): VolumeProjection[] {
  return [
    secretFiles(names.ca, { 'ca.crt': 'ca.crt' }),
    secretFiles(names.apiServerCertificate, { 'apiserver.crt': 'apiserver.crt', 'apiserver.key': 'apiserver.key' }),
    secretFiles(names.apiServerKubeletClient, {
      'apiserver-kubelet-client.crt': 'apiserver-kubelet-client.crt',
      'apiserver-kubelet-client.key': 'apiserver-kubelet-client.key',
    }),
    secretFiles(names.frontProxyCa, { 'front-proxy-ca.crt': 'front-proxy-ca.crt' }),
    secretFiles(names.frontProxyClient, {
      'front-proxy-client.crt': 'front-proxy-client.crt',
      'front-proxy-client.key': 'front-proxy-client.key',
    }),
    secretFiles(names.serviceAccount, { 'sa.pub': 'sa.pub', 'sa.key': 'sa.key' }),
    ...(input.storage.driver === 'etcd'
      ? [
          secretFiles(names.datastoreCertificate, {
            'ca.crt': 'etcd/ca.crt',
            'server.crt': 'etcd/server.crt',
            'server.key': 'etcd/server.key',
          }),
        ]
      : []),
  ];
}

function mounts({ input }: PartContext): VolumeMount[] {
  return [
    { name: PKI_VOLUME, mountPath: PKI_DIRECTORY, readOnly: true },
    ...(authorizesByFile(input.tenantControlPlane)
      ? [{ name: AUTHORIZATION_VOLUME, mountPath: AUTHORIZATION_DIRECTORY, readOnly: true }]
      : []),
    ...(input.storage.driver === 'etcd' ? [] : [KINE_SOCKET_MOUNT]),
    ...(input.konnectivity
      ? [KONNECTIVITY_SOCKET_MOUNT, { name: EGRESS_VOLUME, mountPath: EGRESS_DIRECTORY, readOnly: true }]
      : []),
  ];
}
