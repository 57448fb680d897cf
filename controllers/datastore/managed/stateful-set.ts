import { createHash } from 'node:crypto';
import { ETCD_CLIENT_PORT, managedPodLabels, secretKeys } from '#datastore/managed.ts';
import type { StatefulSet } from '#runtime/client/builtin.ts';
import { managedMetadata, type ManagedSettings, memberHosts } from './settings.ts';

export const ETCD_PEER_PORT = 2380;
const HEALTH_PORT = 2381;
const USER = 65_532;
const DATA = '/var/lib/etcd';
const SERVER_TLS = '/etc/etcd/server';
const PEER_TLS = '/etc/etcd/peer';

/**
 * The members of a managed store. `authorities` are the certificates that members trust: etcd reads them once, so that a change of them
 * restarts it (its own certificates it reads anew for each connection).
 */
export function etcdStatefulSet(settings: ManagedSettings, authorities: readonly string[]): StatefulSet {
  const { names, replicas, ephemeral } = settings;
  const labels = managedPodLabels(settings.dataStoreName);
  const { annotations, ...metadata } = managedMetadata(settings, names.base);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { ...metadata, annotations },
    spec: {
      replicas,
      serviceName: names.peers,
      // All at once: none is ready before a majority runs.
      podManagementPolicy: 'Parallel',
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels,
          annotations: {
            ...annotations,
            'kamaji.clastix.io/authorities': createHash('sha256').update(authorities.join()).digest('hex').slice(0, 32),
          },
        },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 30,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: USER,
            runAsGroup: USER,
            fsGroup: USER,
            fsGroupChangePolicy: 'OnRootMismatch',
            seccompProfile: { type: 'RuntimeDefault' },
          },
          ...(replicas === 1 ? {} : { affinity: spread(labels) }),
          containers: [etcdContainer(settings)],
          volumes: [
            { name: 'server-tls', secret: { secretName: names.serverSecret, defaultMode: 0o440 } },
            { name: 'peer-tls', secret: { secretName: names.peerSecret, defaultMode: 0o440 } },
            ...(ephemeral ? [{ name: 'data', emptyDir: {} }] : []),
          ],
        },
      },
      ...(ephemeral ? {} : { volumeClaimTemplates: [claimTemplate(settings, annotations)] }),
    },
  };
}

function etcdContainer(settings: ManagedSettings) {
  const { resources } = settings;
  return {
    name: 'etcd',
    image: settings.image,
    command: ['etcd'],
    args: etcdArguments(settings),
    env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    ports: [
      { name: 'client', containerPort: ETCD_CLIENT_PORT },
      { name: 'peer', containerPort: ETCD_PEER_PORT },
      { name: 'health', containerPort: HEALTH_PORT },
    ],
    resources: wireResources(resources) ?? { requests: { cpu: '100m', memory: '128Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    startupProbe: probe('/readyz', { periodSeconds: 1, failureThreshold: 300 }),
    readinessProbe: probe('/readyz', { periodSeconds: 5, failureThreshold: 3 }),
    livenessProbe: probe('/livez', { periodSeconds: 10, failureThreshold: 8 }),
    volumeMounts: [
      { name: 'data', mountPath: DATA },
      { name: 'server-tls', mountPath: SERVER_TLS, readOnly: true },
      { name: 'peer-tls', mountPath: PEER_TLS, readOnly: true },
    ],
  };
}

function etcdArguments(settings: ManagedSettings): string[] {
  const { names, namespace } = settings;
  const self = `$(POD_NAME).${names.peers}.${namespace}.svc`;
  const cluster = memberHosts(settings).map(
    (host) => `${host.slice(0, host.indexOf('.'))}=https://${host}:${ETCD_PEER_PORT}`,
  );
  return [
    '--name=$(POD_NAME)',
    // Below the mount point: etcd wants a directory that only it can read.
    `--data-dir=${DATA}/data`,
    `--listen-client-urls=https://0.0.0.0:${ETCD_CLIENT_PORT}`,
    `--advertise-client-urls=https://${self}:${ETCD_CLIENT_PORT}`,
    `--listen-peer-urls=https://0.0.0.0:${ETCD_PEER_PORT}`,
    `--initial-advertise-peer-urls=https://${self}:${ETCD_PEER_PORT}`,
    `--initial-cluster=${cluster.join(',')}`,
    `--initial-cluster-token=${namespace}-${names.base}`,
    '--initial-cluster-state=new',
    `--listen-metrics-urls=http://0.0.0.0:${HEALTH_PORT}`,
    '--client-cert-auth=true',
    `--trusted-ca-file=${SERVER_TLS}/${secretKeys.authority}`,
    `--cert-file=${SERVER_TLS}/${secretKeys.certificate}`,
    `--key-file=${SERVER_TLS}/${secretKeys.privateKey}`,
    '--peer-client-cert-auth=true',
    `--peer-trusted-ca-file=${PEER_TLS}/${secretKeys.authority}`,
    `--peer-cert-file=${PEER_TLS}/${secretKeys.certificate}`,
    `--peer-key-file=${PEER_TLS}/${secretKeys.privateKey}`,
    // The authority of the peers signs nothing else; comparing addresses with DNS would only fail while a pod's is new.
    '--peer-skip-client-san-verification=true',
    '--tls-min-version=TLS1.2',
    // It would speak to etcd under the server's own certificate, whoever asks.
    '--enable-grpc-gateway=false',
    // The API servers of tenants do not compact, because they share the store.
    '--auto-compaction-mode=periodic',
    '--auto-compaction-retention=5m',
    `--quota-backend-bytes=${quotaBytes(settings)}`,
    // API servers answer consistent reads from their caches as fast as this (Kubernetes: kubeadm sets the same).
    '--watch-progress-notify-interval=5s',
    '--feature-gates=InitialCorruptCheck=true',
  ];
}

/** Room for the database: three quarters of the volume, the rest being for the log and snapshots; 8 GiB at most, 2 GiB in pods. */
export function quotaBytes({ ephemeral, storageSize }: Pick<ManagedSettings, 'ephemeral' | 'storageSize'>): number {
  if (ephemeral) return 2 * GIB;
  const bytes = bytesOf(storageSize);
  return bytes === undefined ? 2 * GIB : Math.min(8 * GIB, Math.floor(bytes * 0.75));
}

const GIB = 2 ** 30;
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: GIB,
  Ti: 2 ** 40,
};

function bytesOf(quantity: string): number | undefined {
  const [, amount = '', suffix = ''] = /^(\d+(?:\.\d+)?)(\D*)$/u.exec(quantity) ?? [];
  const unit = UNITS[suffix];
  return amount === '' || unit === undefined ? undefined : Number(amount) * unit;
}

function claimTemplate({ storageSize, storageClassName }: ManagedSettings, annotations: { [key: string]: string }) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', annotations },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClassName === undefined ? {} : { storageClassName }),
      resources: { requests: { storage: storageSize } },
    },
  };
}

function spread(labels: { [key: string]: string }) {
  const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } };
  return {
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] },
  };
}

function probe(path: string, timing: { periodSeconds: number; failureThreshold: number }) {
  return { httpGet: { path, port: 'health' }, timeoutSeconds: 5, ...timing };
}

/** Quantities as Kubernetes writes them: a number in a DataStore is a string in a pod. */
function wireResources(resources: ManagedSettings['resources']) {
  if (resources === undefined) return undefined;
  const strings = (amounts: { [key: string]: string | number } | undefined) =>
    amounts === undefined
      ? undefined
      : Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]));
  const { limits, requests } = resources;
  return {
    ...(limits === undefined ? {} : { limits: strings(limits) ?? {} }),
    ...(requests === undefined ? {} : { requests: strings(requests) ?? {} }),
  };
}
