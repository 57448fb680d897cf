import { mergeArguments } from './args.ts';
import type { KineStorage } from './input.ts';
import type { Part, PartContext } from './part.ts';
import type { Container } from './pod.ts';
import { resourcesOf } from './resources.ts';
import { containerSecurity } from './security.ts';
import { projectedVolume, secretFiles, socketVolume } from './volumes.ts';

const SOCKET_VOLUME = 'kine-uds';
const CERTIFICATE_VOLUME = 'kine-config';
const CERTIFICATE_DIRECTORY = '/certs';

/** Where the API server finds kine. */
export const KINE_ENDPOINT = 'unix:///uds/kine';

/** Mount of the directory of kine's socket. */
export const KINE_SOCKET_MOUNT = { name: SOCKET_VOLUME, mountPath: '/uds' };

// Expanded by the kubelet from the credentials Secret, so that no password is ever part of the Deployment.
const ENDPOINTS: Readonly<Record<KineStorage['driver'], string>> = {
  MySQL: 'mysql://$(DB_USER):$(DB_PASSWORD)@tcp($(DB_CONNECTION_STRING))/$(DB_SCHEMA)',
  PostgreSQL: 'postgres://$(DB_USER):$(DB_PASSWORD)@$(DB_CONNECTION_STRING)/$(DB_SCHEMA)',
  NATS: 'nats://$(DB_USER):$(DB_PASSWORD)@$(DB_CONNECTION_STRING)?bucket=$(DB_SCHEMA)&noEmbed',
};

/**
 * So many connections at a time for each pod of a tenant, where a store can bear only so many of all its tenants: kine needs three at rest,
 * and with ten it starts and serves as fast as with any number. None for PostgreSQL: there a write of kine holds one connection while
 * it asks for a second (kine: pkg/drivers/generic/tx.go, Insert), so that as many writes at once as there are connections
 * wait for each other.
 */
const MAX_CONNECTIONS: Readonly<Partial<Record<KineStorage['driver'], string>>> = { MySQL: '10' };

/** kine: speaks etcd's protocol to the API server and SQL or NATS to the store. A replacement gives its image. */
export function kine(
  { input, names, security, termination }: PartContext,
  storage: KineStorage,
  replacement?: Container,
): Part {
  const { deployment } = input.tenantControlPlane.spec.controlPlane;
  const certificates = storage.tls !== 'none';
  return {
    container: {
      name: 'kine',
      image: replacement?.image ?? storage.kineImage,
      imagePullPolicy: 'IfNotPresent',
      command: ['/bin/kine'],
      args: mergeArguments(
        { '--listen-address': KINE_ENDPOINT, ...connectionFlags(storage), ...certificateFlags(storage) },
        deployment?.extraArgs?.kine,
        'user',
        { '--endpoint': endpointOf(storage) },
      ),
      envFrom: [{ secretRef: { name: names.datastoreConfig } }],
      resources: resourcesOf(deployment?.resources?.kine, { cpu: '25m', memory: '64Mi' }),
      lifecycle: { preStop: { sleep: { seconds: termination.sidecarDelay } } },
      securityContext: containerSecurity(undefined),
      volumeMounts: [
        KINE_SOCKET_MOUNT,
        ...(certificates ? [{ name: CERTIFICATE_VOLUME, mountPath: CERTIFICATE_DIRECTORY, readOnly: true }] : []),
      ],
    },
    volumes: [
      socketVolume(SOCKET_VOLUME),
      ...(certificates
        ? [
            projectedVolume(CERTIFICATE_VOLUME, security.fileMode, [
              secretFiles(names.datastoreCertificate, certificateFiles(storage)),
            ]),
          ]
        : []),
    ],
  };
}

/** Of several PostgreSQL servers the primary is looked for (PostgreSQL: libpq, target_session_attrs); other stores have no such thing. */
function endpointOf({ driver, severalServers = false }: KineStorage): string {
  const query = driver === 'PostgreSQL' && severalServers ? '?target_session_attrs=read-write' : '';
  return `${ENDPOINTS[driver]}${query}`;
}

function connectionFlags({ driver }: KineStorage): Record<string, string> {
  const limit = MAX_CONNECTIONS[driver];
  return limit === undefined ? {} : { '--datastore-max-open-connections': limit };
}

function certificateFlags({ tls }: KineStorage): Record<string, string> {
  return {
    ...(tls !== 'none' && { '--ca-file': `${CERTIFICATE_DIRECTORY}/ca.crt` }),
    ...(tls === 'authority-and-client-certificate' && {
      '--cert-file': `${CERTIFICATE_DIRECTORY}/server.crt`,
      '--key-file': `${CERTIFICATE_DIRECTORY}/server.key`,
    }),
  };
}

function certificateFiles({ tls }: KineStorage): Record<string, string> {
  return {
    'ca.crt': 'ca.crt',
    ...(tls === 'authority-and-client-certificate' && { 'server.crt': 'server.crt', 'server.key': 'server.key' }),
  };
}
