import type { Deployment } from '#runtime/client/builtin.ts';
import type { UpstreamTenant } from './upstream-secrets.ts';

const PKI = '/etc/kubernetes/pki';

type PodTemplate = NonNullable<Deployment['spec']>['template'];
type Container = NonNullable<PodTemplate['spec']>['containers'][number];
type Probe = NonNullable<Container['livenessProbe']>;

/** The spec of a Deployment as upstream writes it (the reference, section 3), for Kubernetes v1.35.4 on etcd. */
export function upstreamDeploymentSpec(tenant: UpstreamTenant, etcd: string): NonNullable<Deployment['spec']> {
  const { name } = tenant;
  return {
    replicas: 2,
    selector: { matchLabels: { 'kamaji.clastix.io/name': name } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '100%', maxUnavailable: 0 } },
    template: {
      metadata: {
        labels: {
          'kamaji.clastix.io/name': name,
          'kamaji.clastix.io/component': 'deployment',
          'component.kamaji.clastix.io/api-server-certificate': 'd41d8cd98f00b204e9800998ecf8427e',
          'component.kamaji.clastix.io/ca': 'd41d8cd98f00b204e9800998ecf8427e',
          'component.kamaji.clastix.io/datastore': 'store',
        },
        annotations: { 'storage.kamaji.clastix.io/config': 'd41d8cd98f00b204e9800998ecf8427e' },
      },
      spec: {
        serviceAccountName: 'default',
        containers: [
          apiServer(tenant, etcd),
          scheduler(),
          controllerManager(tenant),
          ...(tenant.konnectivity ? [konnectivityServer()] : []),
        ],
        volumes: [
          { name: 'etc-kubernetes-pki', projected: { defaultMode: 420, sources: pkiSources(name) } },
          ...['etc-ca-certificates', 'usr-share-ca-certificates', 'usr-local-share-ca-certificates'].map((volume) =>
            secretVolume(volume, `${name}-ca`),
          ),
          secretVolume('scheduler-kubeconfig', `${name}-scheduler-kubeconfig`),
          secretVolume('controller-manager-kubeconfig', `${name}-controller-manager-kubeconfig`),
          ...(tenant.konnectivity
            ? [
                { name: 'konnectivity-uds', emptyDir: { medium: 'Memory' } },
                secretVolume('konnectivity-server-kubeconfig', `${name}-konnectivity-kubeconfig`),
                {
                  name: 'egress-selector-configuration',
                  configMap: { name: `${name}-konnectivity-egress-selector-configuration`, defaultMode: 420 },
                },
              ]
            : []),
        ],
      },
    },
  };
}

function apiServer({ address, port, schema, konnectivity }: UpstreamTenant, etcd: string): Container {
  return {
    name: 'kube-apiserver',
    image: 'registry.k8s.io/kube-apiserver:v1.35.4',
    imagePullPolicy: 'Always',
    command: ['kube-apiserver'],
    args: [
      `--advertise-address=${address}`,
      '--allow-privileged=true',
      '--authorization-mode=Node,RBAC',
      `--client-ca-file=${PKI}/ca.crt`,
      '--enable-admission-plugins=LimitRanger,NamespaceLifecycle,ServiceAccount',
      '--enable-bootstrap-token-auth=true',
      `--etcd-cafile=${PKI}/etcd/ca.crt`,
      `--etcd-certfile=${PKI}/etcd/server.crt`,
      '--etcd-compaction-interval=0',
      `--etcd-keyfile=${PKI}/etcd/server.key`,
      `--etcd-prefix=/${schema}`,
      `--etcd-servers=https://${etcd}`,
      `--kubelet-client-certificate=${PKI}/apiserver-kubelet-client.crt`,
      `--kubelet-client-key=${PKI}/apiserver-kubelet-client.key`,
      '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
      `--proxy-client-cert-file=${PKI}/front-proxy-client.crt`,
      `--proxy-client-key-file=${PKI}/front-proxy-client.key`,
      '--requestheader-allowed-names=front-proxy-client',
      `--requestheader-client-ca-file=${PKI}/front-proxy-ca.crt`,
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-username-headers=X-Remote-User',
      `--secure-port=${port}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${PKI}/sa.pub`,
      `--service-account-signing-key-file=${PKI}/sa.key`,
      '--service-cluster-ip-range=10.96.0.0/16',
      `--tls-cert-file=${PKI}/apiserver.crt`,
      `--tls-private-key-file=${PKI}/apiserver.key`,
    ],
    livenessProbe: probe('/livez', port),
    readinessProbe: probe('/readyz', port),
    startupProbe: probe('/livez', port),
    volumeMounts: [
      { name: 'etc-kubernetes-pki', mountPath: PKI, readOnly: true },
      ...caMounts(),
      ...(konnectivity
        ? [
            { name: 'konnectivity-uds', mountPath: '/run/konnectivity' },
            { name: 'egress-selector-configuration', mountPath: '/etc/kubernetes/konnectivity/configurations' },
          ]
        : []),
    ],
  };
}

function scheduler(): Container {
  return {
    name: 'kube-scheduler',
    image: 'registry.k8s.io/kube-scheduler:v1.35.4',
    command: ['kube-scheduler'],
    args: ['--bind-address=0.0.0.0', '--kubeconfig=/etc/kubernetes/scheduler.conf', '--leader-elect=true'],
    livenessProbe: probe('/healthz', 10_259),
    startupProbe: probe('/healthz', 10_259),
    volumeMounts: [{ name: 'scheduler-kubeconfig', mountPath: '/etc/kubernetes', readOnly: true }],
  };
}

function controllerManager({ name }: UpstreamTenant): Container {
  return {
    name: 'kube-controller-manager',
    image: 'registry.k8s.io/kube-controller-manager:v1.35.4',
    command: ['kube-controller-manager'],
    args: [
      '--allocate-node-cidrs=true',
      '--cluster-cidr=10.244.0.0/16',
      `--cluster-name=${name}`,
      `--cluster-signing-cert-file=${PKI}/ca.crt`,
      `--cluster-signing-key-file=${PKI}/ca.key`,
      '--kubeconfig=/etc/kubernetes/controller-manager.conf',
    ],
    livenessProbe: probe('/healthz', 10_257),
    startupProbe: probe('/healthz', 10_257),
    volumeMounts: [
      { name: 'controller-manager-kubeconfig', mountPath: '/etc/kubernetes', readOnly: true },
      { name: 'etc-kubernetes-pki', mountPath: PKI, readOnly: true },
      ...caMounts(),
    ],
  };
}

function konnectivityServer(): Container {
  return {
    name: 'konnectivity-server',
    image: 'registry.k8s.io/kas-network-proxy/proxy-server:v0.35.0',
    command: ['/proxy-server'],
    args: ['--admin-port=8133', '--agent-port=8132', '--health-port=8134', '--mode=grpc', '--server-count=2'],
    ports: [
      { name: 'agentport', containerPort: 8132, protocol: 'TCP' },
      { name: 'adminport', containerPort: 8133, protocol: 'TCP' },
      { name: 'healthport', containerPort: 8134, protocol: 'TCP' },
    ],
    volumeMounts: [
      { name: 'etc-kubernetes-pki', mountPath: PKI, readOnly: true },
      {
        name: 'konnectivity-server-kubeconfig',
        mountPath: '/etc/kubernetes/konnectivity-server.conf',
        subPath: 'konnectivity-server.conf',
        readOnly: true,
      },
      { name: 'konnectivity-uds', mountPath: '/run/konnectivity' },
    ],
  };
}

function caMounts() {
  return [
    { name: 'etc-ca-certificates', mountPath: '/etc/ca-certificates', readOnly: true },
    { name: 'usr-share-ca-certificates', mountPath: '/usr/share/ca-certificates', readOnly: true },
    { name: 'usr-local-share-ca-certificates', mountPath: '/usr/local/share/ca-certificates', readOnly: true },
  ];
}

function secretVolume(name: string, secretName: string) {
  return { name, secret: { secretName, defaultMode: 420 } };
}

function pkiSources(name: string) {
  const sources: readonly (readonly [secret: string, files: Readonly<Record<string, string>>])[] = [
    ['api-server-certificate', { 'apiserver.crt': 'apiserver.crt', 'apiserver.key': 'apiserver.key' }],
    ['ca', { 'ca.crt': 'ca.crt', 'ca.key': 'ca.key' }],
    [
      'api-server-kubelet-client-certificate',
      {
        'apiserver-kubelet-client.crt': 'apiserver-kubelet-client.crt',
        'apiserver-kubelet-client.key': 'apiserver-kubelet-client.key',
      },
    ],
    [
      'front-proxy-ca-certificate',
      { 'front-proxy-ca.crt': 'front-proxy-ca.crt', 'front-proxy-ca.key': 'front-proxy-ca.key' },
    ],
    [
      'front-proxy-client-certificate',
      { 'front-proxy-client.crt': 'front-proxy-client.crt', 'front-proxy-client.key': 'front-proxy-client.key' },
    ],
    ['sa-certificate', { 'sa.pub': 'sa.pub', 'sa.key': 'sa.key' }],
    [
      'datastore-certificate',
      { 'ca.crt': 'etcd/ca.crt', 'server.crt': 'etcd/server.crt', 'server.key': 'etcd/server.key' },
    ],
  ];
  return sources.map(([secret, files]) => ({
    secret: { name: `${name}-${secret}`, items: Object.entries(files).map(([key, path]) => ({ key, path })) },
  }));
}

function probe(path: string, port: number): Probe {
  return { httpGet: { path, port, scheme: 'HTTPS' }, timeoutSeconds: 1, periodSeconds: 10, failureThreshold: 3 };
}
