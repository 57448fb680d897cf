import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { maintainsOwnEndpoints } from './apiserver.ts';
import { controlPlaneDeployment } from './deployment.ts';
import type { ControlPlaneInput, KineStorage } from './input.ts';
import type { Deployment } from './objects.ts';
import type { Container } from './pod.ts';
import { inputFor } from './tenant-control-plane.fake.ts';
import type { TenantParts } from './tenant-control-plane.fake.ts';

const render = (parts: TenantParts = {}, more: Partial<ControlPlaneInput> = {}): Deployment =>
  controlPlaneDeployment(inputFor(parts, more));

const postgres: KineStorage = {
  driver: 'PostgreSQL',
  dataStore: 'sql',
  kineImage: 'docker.io/rancher/kine:v0.17.5',
  tls: 'authority-and-client-certificate',
};

suite('what the containers are', () => {
  const names = (deployment: Deployment): string[] => deployment.spec.template.spec.containers.map(({ name }) => name);

  test('the three components, in upstream’s order, and the tunnel', () => {
    assert.deepEqual(names(render()), [
      'kube-apiserver',
      'kube-scheduler',
      'kube-controller-manager',
      'konnectivity-server',
    ]);
  });

  test('no tunnel where it is off, and nothing left of it', () => {
    const { konnectivity: _, ...without } = inputFor();
    const deployment = controlPlaneDeployment(without);
    assert.deepEqual(names(deployment), ['kube-apiserver', 'kube-scheduler', 'kube-controller-manager']);
    const { volumes, containers } = deployment.spec.template.spec;
    assert.doesNotMatch(JSON.stringify({ volumes, containers }), /konnectivity|egress/);
  });

  test('kine where the store is no etcd', () => {
    assert.deepEqual(names(render({}, { storage: postgres })).slice(0, 4), [
      'kube-apiserver',
      'kube-scheduler',
      'kube-controller-manager',
      'kine',
    ]);
  });

  test('a newer image of kine reaches control planes that there are', () => {
    const kineImage = 'docker.io/rancher/kine:v0.18.0';
    assert.equal(containerOf(render({}, { storage: { ...postgres, kineImage } }), 'kine').image, kineImage);
  });

  test('the user’s own come first', () => {
    const deployment = render({
      deployment: {
        additionalContainers: [{ name: 'helper' }],
        additionalInitContainers: [{ name: 'prepare' }],
        additionalVolumes: [{ name: 'scratch' }],
        additionalVolumeMounts: { apiServer: [{ name: 'scratch', mountPath: '/scratch' }] },
      },
    });
    assert.equal(names(deployment)[0], 'helper');
    const { initContainers, volumes } = deployment.spec.template.spec;
    assert.deepEqual(initContainers, [{ name: 'prepare' }]);
    assert.deepEqual(volumes[0], { name: 'scratch' });
    assert.deepEqual(containerOf(deployment, 'kube-apiserver').volumeMounts?.[0], {
      name: 'scratch',
      mountPath: '/scratch',
    });
  });

  test('a container of the user named kine chooses kine’s image and nothing else', () => {
    const mine = { name: 'kine', image: 'example.org/kine:mine' };
    const deployment = render({ deployment: { additionalContainers: [mine] } }, { storage: postgres });
    assert.deepEqual(
      names(deployment).filter((name) => name === 'kine'),
      ['kine'],
    );
    const kine = containerOf(deployment, 'kine');
    assert.equal(kine.image, 'example.org/kine:mine');
    assert.ok(kine.args?.includes('--listen-address=unix:///uds/kine'));
  });

  const images: readonly [because: string, parts: TenantParts, expected: string][] = [
    ['the version is the tag', {}, 'registry.k8s.io/kube-apiserver:v1.35.4'],
    [
      'every setting of the registry is honoured',
      {
        deployment: {
          registrySettings: { registry: 'mirror.example.org/k8s', apiServerImage: 'api', tagSuffix: '-fips' },
        },
      },
      'mirror.example.org/k8s/api:v1.35.4-fips',
    ],
  ];
  for (const [because, parts, expected] of images) {
    test(`image: ${because}`, () => assert.equal(containerOf(render(parts), 'kube-apiserver').image, expected));
  }

  test('images that are there are used, so that a registry that is down stops nothing', () => {
    for (const { imagePullPolicy } of render({}, { storage: postgres }).spec.template.spec.containers) {
      assert.equal(imagePullPolicy, 'IfNotPresent');
    }
  });
});

suite('who sees which key', () => {
  const seen = seenKeys(render());
  const cases: readonly [because: string, container: string, expected: string[]][] = [
    [
      'the API server serves, speaks to kubelets, to etcd and as front proxy, and signs tokens; it signs no certificate',
      'kube-apiserver',
      [
        'demo-api-server-certificate/apiserver.key',
        'demo-api-server-kubelet-client-certificate/apiserver-kubelet-client.key',
        'demo-datastore-certificate/server.key',
        'demo-front-proxy-client-certificate/front-proxy-client.key',
        'demo-sa-certificate/sa.key',
      ],
    ],
    [
      'only the controller manager has the key of the CA, to sign for nodes',
      'kube-controller-manager',
      ['demo-ca/ca.key', 'demo-controller-manager-kubeconfig/controller-manager.conf', 'demo-sa-certificate/sa.key'],
    ],
    ['the scheduler has its kubeconfig', 'kube-scheduler', ['demo-scheduler-kubeconfig/scheduler.conf']],
    [
      'the tunnel shows the API server’s certificate and checks tokens',
      'konnectivity-server',
      ['demo-api-server-certificate/apiserver.key', 'demo-konnectivity-kubeconfig/konnectivity-server.conf'],
    ],
  ];
  for (const [because, container, expected] of cases) {
    test(because, () => assert.deepEqual(seen.get(container), expected));
  }

  test('the key of the front proxy’s CA is in no pod', () => {
    assert.doesNotMatch(JSON.stringify(render()), /front-proxy-ca\.key/);
  });

  test('nobody gets a token of the management cluster', () => {
    assert.equal(render().spec.template.spec.automountServiceAccountToken, false);
    assert.equal(render().spec.template.spec.enableServiceLinks, false);
  });

  test('unless the user asks for one', () => {
    const deployment = { automountServiceAccountToken: true, serviceAccountName: 'mine' };
    const { automountServiceAccountToken, serviceAccountName } = render({ deployment }).spec.template.spec;
    assert.deepEqual([automountServiceAccountToken, serviceAccountName], [true, 'mine']);
  });

  test('kine looks for the primary where a PostgreSQL has several servers', () => {
    const kine = containerOf(render({}, { storage: { ...postgres, severalServers: true } }), 'kine');
    const endpoint = kine.args?.find((argument) => argument.startsWith('--endpoint='));
    assert.match(endpoint ?? '', /\/\$\(DB_SCHEMA\)\?target_session_attrs=read-write$/u);
  });

  test('kine takes ten connections of a MySQL at the most, unless somebody says otherwise', () => {
    const limits = (change: Parameters<typeof render>[0], driver: 'MySQL' | 'PostgreSQL') =>
      containerOf(render(change, { storage: { ...postgres, driver } }), 'kine').args?.filter((argument) =>
        argument.startsWith('--datastore-max-open-connections='),
      );
    assert.deepEqual(limits({}, 'MySQL'), ['--datastore-max-open-connections=10']);
    // Writes of kine to a PostgreSQL would wait for each other.
    assert.deepEqual(limits({}, 'PostgreSQL'), []);
    const extraArgs = { kine: ['--datastore-max-open-connections=30'] };
    assert.deepEqual(limits({ deployment: { extraArgs } }, 'MySQL'), ['--datastore-max-open-connections=30']);
  });

  test('kine gets the password by its environment, never by the Deployment', () => {
    const kine = containerOf(render({}, { storage: postgres }), 'kine');
    assert.deepEqual(kine.envFrom, [{ secretRef: { name: 'demo-datastore-config' } }]);
    assert.ok(
      kine.args?.includes('--endpoint=postgres://$(DB_USER):$(DB_PASSWORD)@$(DB_CONNECTION_STRING)/$(DB_SCHEMA)'),
    );
  });

  const modes: readonly [because: string, parts: TenantParts, mode: number, fsGroup: number | undefined][] = [
    ['root alone reads the keys of root', {}, 0o600, undefined],
    ['another user reads them by a group', { deployment: { podSecurityContext: { runAsUser: 1000 } } }, 0o640, 1000],
    [
      'the group of the user is that group',
      { deployment: { podSecurityContext: { runAsUser: 1000, runAsGroup: 2000 } } },
      0o640,
      2000,
    ],
    ['whoever is not root needs one', { deployment: { podSecurityContext: { runAsNonRoot: true } } }, 0o640, 65532],
    [
      'one container that is not root is enough',
      { deployment: { containerSecurityContexts: { scheduler: { runAsUser: 1234 } } } },
      0o640,
      1234,
    ],
    ['the choice of the user stands', { deployment: { podSecurityContext: { fsGroup: 77 } } }, 0o640, 77],
  ];
  for (const [because, parts, mode, fsGroup] of modes) {
    test(because, () => {
      const { volumes, securityContext } = render(parts).spec.template.spec;
      const found = volumes.flatMap(({ projected }) => (projected ? [projected.defaultMode] : []));
      assert.deepEqual(new Set(found), new Set([mode]));
      assert.equal(securityContext.fsGroup, fsGroup);
    });
  }

  test('the konnectivity server is root where only root can read, for its image says otherwise', () => {
    assert.equal(containerOf(render(), 'konnectivity-server').securityContext?.runAsUser, 0);
    const parts = { deployment: { podSecurityContext: { runAsUser: 1000 } } };
    assert.equal(containerOf(render(parts), 'konnectivity-server').securityContext?.runAsUser, undefined);
  });
});

suite('when pods are replaced', () => {
  const template = (more: Partial<ControlPlaneInput> = {}, parts: TenantParts = {}): string =>
    JSON.stringify(render(parts, more).spec.template);

  test('not for an equal input, however often it is rendered', () => assert.equal(template(), template()));

  const { checksums } = inputFor();
  for (const name of Object.keys(checksums)) {
    test(`when the hash of ${name} changes`, () => {
      assert.notEqual(template({ checksums: { ...checksums, [name]: 'changed' } }), template());
    });
  }

  test('not when replicas change: agents count the servers by leases', () => {
    assert.equal(template({}, { deployment: { replicas: 5 } }), template({}, { deployment: { replicas: 1 } }));
  });

  test('but then they are with a konnectivity that is too old for leases', () => {
    const konnectivity = { serverImage: 'proxy-server:v0.28.6', countByLeases: false };
    const deployment = render({ deployment: { replicas: 5 } }, { konnectivity });
    assert.ok(containerOf(deployment, 'konnectivity-server').args?.includes('--server-count=5'));
  });

  test('hashes are labels under upstream’s names', () => {
    const { labels } = render().spec.template.metadata;
    assert.equal(labels['component.kamaji.clastix.io/api-server-certificate'], 'api-server-1');
    assert.equal(labels['component.kamaji.clastix.io/datastore'], 'default');
  });

  test('a DataStore with a name too long for a label is labelled by a hash', () => {
    const storage = { driver: 'etcd', dataStore: 'd'.repeat(200), endpoints: ['e:2379'], schema: 's' } as const;
    const value = render({}, { storage }).spec.template.metadata.labels['component.kamaji.clastix.io/datastore'];
    assert.match(value ?? '', /^[0-9a-f]{32}$/);
  });

  test('labels of the user win, but for those that the selectors stand on', () => {
    const labels = { 'kamaji.clastix.io/name': 'other', 'kamaji.clastix.io/component': 'x', team: 'blue' };
    const rendered = render({ deployment: { podAdditionalMetadata: { labels } } }).spec.template.metadata.labels;
    assert.equal(rendered['kamaji.clastix.io/name'], 'demo');
    assert.equal(rendered['kamaji.clastix.io/component'], 'deployment');
    assert.equal(rendered['team'], 'blue');
  });

  test('the selector is upstream’s, so that its Deployment can be taken over', () => {
    assert.deepEqual(render().spec.selector, { matchLabels: { 'kamaji.clastix.io/name': 'demo' } });
  });
});

suite('how pods are replaced', () => {
  type Chosen = NonNullable<TenantParts['deployment']>['strategy'];
  const cases: readonly [because: string, chosen: Chosen, expected: object][] = [
    ['a whole second set first', undefined, rolling(0, '100%')],
    ['also where the type alone is given', { type: 'RollingUpdate' }, rolling(0, '100%')],
    ['with Kubernetes’ own default for what is left out', { rollingUpdate: { maxSurge: 1 } }, rolling('25%', 1)],
    ['Recreate has no parameters', { type: 'Recreate', rollingUpdate: { maxSurge: 1 } }, { type: 'Recreate' }],
  ];
  for (const [because, chosen, expected] of cases) {
    test(because, () => {
      assert.deepEqual(render({ deployment: chosen ? { strategy: chosen } : {} }).spec.strategy, expected);
    });
  }

  test('the API server serves on until nobody sends, and what it lives on stays for longer', () => {
    const { containers, terminationGracePeriodSeconds } = render({}, { storage: postgres }).spec.template.spec;
    const named = new Map(containers.map((container) => [container.name, container]));
    assert.ok(named.get('kube-apiserver')?.args?.includes('--shutdown-delay-duration=20s'));
    assert.equal(named.get('kube-apiserver')?.lifecycle, undefined);
    assert.equal(named.get('kine')?.lifecycle?.preStop.sleep.seconds, 25);
    assert.equal(named.get('konnectivity-server')?.lifecycle?.preStop.sleep.seconds, 25);
    assert.equal(terminationGracePeriodSeconds, 95);
  });

  const delays: readonly [delay: string, sidecars: number, grace: number][] = [
    ['1m10s', 75, 145],
    ['1500ms', 7, 77],
    ['0', 5, 75],
    ['nonsense', 5, 75],
  ];
  for (const [delay, sidecars, grace] of delays) {
    test(`a delay of ${delay} that the user chose moves the rest with it`, () => {
      const parts = { deployment: { extraArgs: { apiServer: [`--shutdown-delay-duration=${delay}`] } } };
      const deployment = render(parts);
      assert.equal(containerOf(deployment, 'konnectivity-server').lifecycle?.preStop.sleep.seconds, sidecars);
      assert.equal(deployment.spec.template.spec.terminationGracePeriodSeconds, grace);
    });
  }
});

suite('where pods run', () => {
  test('spread over hosts and zones where that is possible, each generation by itself', () => {
    const constraints = render().spec.template.spec.topologySpreadConstraints;
    assert.deepEqual(
      constraints.map(({ topologyKey }) => topologyKey),
      ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'],
    );
    for (const { maxSkew, whenUnsatisfiable, matchLabelKeys, labelSelector } of constraints) {
      assert.deepEqual([maxSkew, whenUnsatisfiable], [1, 'ScheduleAnyway']);
      assert.deepEqual(matchLabelKeys, ['pod-template-hash']);
      assert.deepEqual(labelSelector, { matchLabels: { 'kamaji.clastix.io/name': 'demo' } });
    }
  });

  test('spread as the user says; what counts are these pods unless he says otherwise', () => {
    const constraint = { topologyKey: 'rack', maxSkew: 2, whenUnsatisfiable: 'DoNotSchedule' };
    const other = { ...constraint, labelSelector: { matchLabels: { app: 'other' } } };
    const deployment = { topologySpreadConstraints: [constraint, other] };
    assert.deepEqual(render({ deployment }).spec.template.spec.topologySpreadConstraints, [
      { ...constraint, labelSelector: { matchLabels: { 'kamaji.clastix.io/name': 'demo' } } },
      other,
    ]);
  });

  test('not spread where the user empties the list', () => {
    const deployment = { topologySpreadConstraints: [] };
    assert.deepEqual(render({ deployment }).spec.template.spec.topologySpreadConstraints, []);
  });

  test('everything else about placement is passed on as it is', () => {
    const placement = {
      nodeSelector: { pool: 'control-planes' },
      tolerations: [{ key: 'dedicated', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      runtimeClassName: 'kata',
    };
    const { nodeSelector, tolerations, affinity, runtimeClassName } = render({ deployment: placement }).spec.template
      .spec;
    assert.deepEqual({ nodeSelector, tolerations, affinity, runtimeClassName }, placement);
  });

  test('an empty RuntimeClass is none', () => {
    assert.equal('runtimeClassName' in render({ deployment: { runtimeClassName: '' } }).spec.template.spec, false);
  });
});

suite('resources and probes', () => {
  test('every container asks for something, or an HPA by utilization could not work', () => {
    const requests = new Map(
      render({}, { storage: postgres }).spec.template.spec.containers.map(({ name, resources }) => [
        name,
        resources?.requests,
      ]),
    );
    assert.deepEqual(requests.get('kube-apiserver'), { cpu: '100m', memory: '256Mi' });
    assert.deepEqual(requests.get('kube-controller-manager'), { cpu: '25m', memory: '64Mi' });
    assert.deepEqual(requests.get('kube-scheduler'), { cpu: '10m', memory: '32Mi' });
    assert.deepEqual(requests.get('kine'), { cpu: '25m', memory: '64Mi' });
    assert.deepEqual(requests.get('konnectivity-server'), { cpu: '10m', memory: '16Mi' });
    assert.equal(requests.size, 5);
  });

  test('what the user asks for replaces it, numbers written as Kubernetes writes them', () => {
    const resources = { apiServer: { limits: { cpu: 2 }, requests: { cpu: 1, memory: '1Gi' } } };
    assert.deepEqual(containerOf(render({ deployment: { resources } }), 'kube-apiserver').resources, {
      limits: { cpu: '2' },
      requests: { cpu: '1', memory: '1Gi' },
    });
  });

  for (const name of ['kube-apiserver', 'kube-scheduler', 'kube-controller-manager']) {
    test(`a start of ${name} is seen within a second and may take five minutes`, () => {
      const { periodSeconds, failureThreshold } = containerOf(render(), name).startupProbe ?? {};
      assert.deepEqual([periodSeconds, failureThreshold], [1, 300]);
    });

    test(`${name} is not thought dead or unready because its node is busy for a while`, () => {
      const { startupProbe, readinessProbe, livenessProbe } = containerOf(render(), name);
      const timeouts = [startupProbe, readinessProbe, livenessProbe].map((probe) => probe?.timeoutSeconds);
      assert.deepEqual(timeouts, [15, 15, 15]);
      assert.deepEqual([readinessProbe?.periodSeconds, readinessProbe?.failureThreshold], [5, 3]);
      assert.deepEqual([livenessProbe?.periodSeconds, livenessProbe?.failureThreshold], [10, 8]);
    });
  }

  test('a component’s own numbers win over the general ones, and those over ours', () => {
    const probes = {
      liveness: { periodSeconds: 20, failureThreshold: 4 },
      apiServer: { liveness: { periodSeconds: 30 } },
    };
    const deployment = render({ deployment: { probes } });
    const numbers = (name: string) => {
      const { periodSeconds, failureThreshold, timeoutSeconds } = containerOf(deployment, name).livenessProbe ?? {};
      return [periodSeconds, failureThreshold, timeoutSeconds];
    };
    assert.deepEqual(numbers('kube-apiserver'), [30, 4, 15]);
    assert.deepEqual(numbers('kube-scheduler'), [20, 4, 15]);
  });
});

suite('arguments', () => {
  const args = (parts: TenantParts, name: string, more: Partial<ControlPlaneInput> = {}): string[] =>
    containerOf(render(parts, more), name).args ?? [];

  test('of kube-apiserver, byte for byte', () => {
    const parts = { deployment: { extraArgs: { apiServer: ['--v=3', '--audit-log-path=-'] } } };
    assert.deepEqual(args(parts, 'kube-apiserver'), [
      '--advertise-address=192.0.2.10',
      '--allow-privileged=true',
      '--authorization-config=/etc/kubernetes/authorization/authorization.yaml',
      '--client-ca-file=/etc/kubernetes/pki/ca.crt',
      '--egress-selector-config-file=/etc/kubernetes/konnectivity/configurations/egress-selector-configuration.yaml',
      '--enable-admission-plugins=CertificateApproval,CertificateSigning,CertificateSubjectRestriction,' +
        'DefaultIngressClass,DefaultStorageClass,DefaultTolerationSeconds,LimitRanger,MutatingAdmissionWebhook,' +
        'NamespaceLifecycle,PersistentVolumeClaimResize,Priority,ResourceQuota,RuntimeClass,ServiceAccount,' +
        'StorageObjectInUseProtection,TaintNodesByCondition,ValidatingAdmissionWebhook,NodeRestriction',
      '--enable-bootstrap-token-auth=true',
      '--endpoint-reconciler-type=none',
      '--etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt',
      '--etcd-certfile=/etc/kubernetes/pki/etcd/server.crt',
      '--etcd-compaction-interval=0',
      '--etcd-keyfile=/etc/kubernetes/pki/etcd/server.key',
      '--etcd-prefix=/tenant-1',
      '--etcd-servers=https://etcd.kamaji-system.svc:2379',
      '--kubelet-client-certificate=/etc/kubernetes/pki/apiserver-kubelet-client.crt',
      '--kubelet-client-key=/etc/kubernetes/pki/apiserver-kubelet-client.key',
      '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
      '--proxy-client-cert-file=/etc/kubernetes/pki/front-proxy-client.crt',
      '--proxy-client-key-file=/etc/kubernetes/pki/front-proxy-client.key',
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-username-headers=X-Remote-User',
      '--secure-port=6443',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      '--service-account-key-file=/etc/kubernetes/pki/sa.pub',
      '--service-account-signing-key-file=/etc/kubernetes/pki/sa.key',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--shutdown-delay-duration=20s',
      '--tls-cert-file=/etc/kubernetes/pki/apiserver.crt',
      '--tls-private-key-file=/etc/kubernetes/pki/apiserver.key',
      '--v=3',
      '--audit-log-path=-',
    ]);
  });

  test('of kube-controller-manager, byte for byte', () => {
    assert.deepEqual(args({}, 'kube-controller-manager'), [
      '--allocate-node-cidrs=true',
      '--authentication-kubeconfig=/etc/kubernetes/controller-manager.conf',
      '--authorization-kubeconfig=/etc/kubernetes/controller-manager.conf',
      '--bind-address=0.0.0.0',
      '--client-ca-file=/etc/kubernetes/pki/ca.crt',
      '--cluster-cidr=10.244.0.0/16',
      '--cluster-name=demo',
      '--cluster-signing-cert-file=/etc/kubernetes/pki/ca.crt',
      '--cluster-signing-key-file=/etc/kubernetes/pki/ca.key',
      '--controllers=*,bootstrapsigner,tokencleaner',
      '--kubeconfig=/etc/kubernetes/controller-manager.conf',
      '--leader-elect=true',
      '--requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt',
      '--root-ca-file=/etc/kubernetes/pki/ca.crt',
      '--service-account-private-key-file=/etc/kubernetes/pki/sa.key',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--use-service-account-credentials=true',
    ]);
  });

  test('of kube-scheduler, byte for byte', () => {
    assert.deepEqual(args({}, 'kube-scheduler'), [
      '--authentication-kubeconfig=/etc/kubernetes/scheduler.conf',
      '--authorization-kubeconfig=/etc/kubernetes/scheduler.conf',
      '--bind-address=0.0.0.0',
      '--kubeconfig=/etc/kubernetes/scheduler.conf',
      '--leader-elect=true',
    ]);
  });

  test('of the konnectivity server, byte for byte', () => {
    assert.deepEqual(args({}, 'konnectivity-server'), [
      '--admin-port=8133',
      '--agent-namespace=kube-system',
      '--agent-port=8132',
      '--agent-service-account=konnectivity-agent',
      '--authentication-audience=system:konnectivity-server',
      '--cluster-cert=/etc/kubernetes/pki/apiserver.crt',
      '--cluster-key=/etc/kubernetes/pki/apiserver.key',
      '--enable-lease-controller=true',
      '--health-port=8134',
      '--kubeconfig=/etc/kubernetes/konnectivity-server.conf',
      '--mode=grpc',
      '--server-port=0',
      '--uds-name=/run/konnectivity/konnectivity-server.socket',
    ]);
  });

  test('the endpoints of default/kubernetes are left to us, unless the user chooses a reconciler', () => {
    const chosen = ['--endpoint-reconciler-type=lease'];
    assert.equal(maintainsOwnEndpoints(undefined), false);
    assert.equal(maintainsOwnEndpoints(chosen), true);
    const flags = args({ deployment: { extraArgs: { apiServer: chosen } } }, 'kube-apiserver').filter((argument) =>
      argument.includes('endpoint-reconciler'),
    );
    assert.deepEqual(flags, chosen);
  });

  test('NodeRestriction is on whatever plugins the user lists', () => {
    const parts: TenantParts = { kubernetes: { admissionControllers: ['ResourceQuota', 'NodeRestriction'] } };
    assert.ok(args(parts, 'kube-apiserver').includes('--enable-admission-plugins=ResourceQuota,NodeRestriction'));
  });

  const authorization = (version: string, ...apiServer: string[]) => {
    const parts: TenantParts = { kubernetes: { version }, deployment: { extraArgs: { apiServer } } };
    const flags = args(parts, 'kube-apiserver').filter((argument) => argument.startsWith('--authorization'));
    const volumes = render(parts).spec.template.spec.volumes.filter(({ name }) => name === 'authorization');
    const mounts = containerOf(render(parts), 'kube-apiserver').volumeMounts ?? [];
    return { flags, files: volumes.length + mounts.filter(({ name }) => name === 'authorization').length };
  };

  test('a user who says how to authorize is taken at his word, and gets no file beside it', () => {
    const configured = '--authorization-config=/etc/authz.yaml';
    assert.deepEqual(authorization('v1.35.4', configured), { flags: [configured], files: 0 });
    const mode = '--authorization-mode=RBAC';
    assert.deepEqual(authorization('v1.35.4', mode), { flags: [mode], files: 0 });
    const webhook = '--authorization-webhook-cache-authorized-ttl=1m';
    const flags = ['--authorization-mode=Node,RBAC', webhook];
    assert.deepEqual(authorization('v1.35.4', webhook), { flags, files: 0 });
  });

  test('a version without structured authorization gets flags', () => {
    assert.deepEqual(authorization('v1.29.9'), { flags: ['--authorization-mode=Node,RBAC'], files: 0 });
    assert.equal(authorization('v1.30.0').files, 2);
  });

  test('tokens name the tenant’s own domain, and upstream’s are still accepted', () => {
    const issuers = args({ networkProfile: { clusterDomain: 'demo.example' } }, 'kube-apiserver').filter((argument) =>
      argument.startsWith('--service-account-issuer='),
    );
    assert.deepEqual(issuers, [
      '--service-account-issuer=https://kubernetes.default.svc.demo.example',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    ]);
  });

  test('several etcds, and others for some resources', () => {
    const storage = {
      driver: 'etcd',
      dataStore: 'default',
      endpoints: ['a:2379', 'b:2379'],
      schema: 's',
      overrides: [
        { resource: '/events', endpoints: ['c:2379', 'd:2379'] },
        { resource: 'apps/deployments', endpoints: ['e:2379'] },
      ],
    } as const;
    const rendered = args({}, 'kube-apiserver', { storage });
    assert.ok(rendered.includes('--etcd-servers=https://a:2379,https://b:2379'));
    assert.ok(
      rendered.includes(
        '--etcd-servers-overrides=/events#https://c:2379;https://d:2379,apps/deployments#https://e:2379',
      ),
    );
  });

  test('with kine the API server speaks to a socket and shows no certificate', () => {
    const rendered = args({}, 'kube-apiserver', { storage: postgres });
    assert.deepEqual(
      rendered.filter((argument) => argument.startsWith('--etcd')),
      ['--etcd-servers=unix:///uds/kine'],
    );
  });

  test('two families go to both programs in the user’s order', () => {
    const parts = {
      networkProfile: { serviceCidrs: ['fd00:96::/108', '10.96.0.0/16'], podCidrs: ['fd00:1::/56', '10.1.0.0/16'] },
    };
    assert.ok(args(parts, 'kube-apiserver').includes('--service-cluster-ip-range=fd00:96::/108,10.96.0.0/16'));
    assert.ok(args(parts, 'kube-controller-manager').includes('--cluster-cidr=fd00:1::/56,10.1.0.0/16'));
  });

  test('without pod networks no node is given one', () => {
    const rendered = args({ networkProfile: { podCidr: '' } }, 'kube-controller-manager');
    assert.ok(rendered.includes('--allocate-node-cidrs=false'));
    assert.ok(!rendered.some((argument) => argument.startsWith('--cluster-cidr')));
  });
});

function rolling(maxUnavailable: number | string, maxSurge: number | string): object {
  return { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } };
}

function containerOf(deployment: Deployment, name: string): Container {
  const found = deployment.spec.template.spec.containers.find((container) => container.name === name);
  assert.ok(found, `no container ${name}`);
  return found;
}

// `<Secret>/<key>` of every private key and kubeconfig, by the container that mounts it.
function seenKeys({ spec }: Deployment): ReadonlyMap<string, string[]> {
  const { containers, volumes } = spec.template.spec;
  const keys = new Map(
    volumes.map(({ name, projected }) => [
      name,
      (projected?.sources ?? []).flatMap((source) =>
        'secret' in source ? (source.secret.items ?? []).map(({ key }) => `${source.secret.name}/${key}`) : [],
      ),
    ]),
  );
  return new Map(
    containers.map(({ name, volumeMounts = [] }) => [
      name,
      volumeMounts
        .flatMap((mount) => keys.get(mount.name) ?? [])
        .filter((key) => /\.(key|conf)$/.test(key))
        .toSorted(),
    ]),
  );
}
