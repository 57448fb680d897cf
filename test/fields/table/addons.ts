import { parse } from 'yaml';
import type { Example, FieldTable, Parts } from '../field.ts';
import type { Reconciled } from '../reconciled.ts';

const of = (parts: object): Parts => ({ addons: parts });
const server = (parts: object): Parts => of({ konnectivity: { server: parts } });
const agent = (parts: object): Parts => of({ konnectivity: { agent: parts } });
const AGENT = 'DaemonSet konnectivity-agent';
const image = (it: Reconciled, workload: string): unknown =>
  it.inside(workload, 'spec', 'template', 'spec', 'containers', 0, 'image');
const proxy = (it: Reconciled): Record<string, unknown> =>
  parse(String(it.inside('ConfigMap kube-proxy', 'data', 'config.conf')));
const tolerations = [
  { key: 'dedicated', operator: 'Equal', value: 'control', effect: 'NoExecute', tolerationSeconds: 60 },
];
const resources = {
  limits: { memory: '1Gi' },
  requests: { cpu: '300m' },
  claims: [{ name: 'device', request: 'one' }],
};
const securityContext = { runAsUser: 1001, runAsGroup: 1001, runAsNonRoot: true, readOnlyRootFilesystem: true };
const configurationJSONPatches = [
  { op: 'replace', path: '/mode', value: 'nftables' },
  { op: 'copy', from: '/mode', path: '/copied' },
];

/** What is installed inside the tenant. */
export const addons: FieldTable = {
  'addons.coreDNS': {
    does: 'present, even empty, means that the cluster DNS is installed',
    set: of({ coreDNS: {} }),
    given: of({ coreDNS: undefined }),
    sees: (it) =>
      [
        'Deployment coredns',
        'ServiceAccount coredns',
        'ConfigMap coredns',
        'Service kube-dns',
        'ClusterRole system:coredns',
      ].map((object) => it.inside(object) !== undefined),
    is: [true, true, true, true, true],
  },
  'addons.coreDNS.imageRepository': {
    does: 'registry and path of its image',
    apart: 'images',
    set: of({ coreDNS: { imageRepository: 'mirror.example/dns' } }),
    sees: (it) => image(it, 'Deployment coredns'),
    is: 'mirror.example/dns/coredns:v1.13.1',
  },
  'addons.coreDNS.imageTag': {
    does: 'tag of its image, with or without a repository',
    apart: 'tags',
    set: of({ coreDNS: { imageTag: 'v9' } }),
    sees: (it) => image(it, 'Deployment coredns'),
    is: 'registry.k8s.io/coredns/coredns:v9',
  },
  'addons.kubeProxy': {
    does: 'present, even empty, means that kube-proxy is installed',
    set: of({ kubeProxy: {} }),
    given: of({ kubeProxy: undefined }),
    sees: (it) => ['DaemonSet kube-proxy', 'ConfigMap kube-proxy'].map((object) => it.inside(object) !== undefined),
    is: [true, true],
  },
  'addons.kubeProxy.imageRepository': {
    does: 'registry and path of its image',
    apart: 'images',
    set: of({ kubeProxy: { imageRepository: 'mirror.example' } }),
    sees: (it) => image(it, 'DaemonSet kube-proxy'),
    is: 'mirror.example/kube-proxy:v1.35.4',
  },
  'addons.kubeProxy.imageTag': {
    does: 'tag of its image, with or without a repository',
    apart: 'tags',
    set: of({ kubeProxy: { imageTag: 'v9' } }),
    sees: (it) => image(it, 'DaemonSet kube-proxy'),
    is: 'registry.k8s.io/kube-proxy:v9',
  },
  ...Object.fromEntries(
    Object.entries({
      op: 'what a patch of kube-proxy’s configuration does; its mode is chosen so',
      path: 'where',
      from: 'where a value is moved or copied from',
      value: 'the value',
    }).map(([member, does]): [string, Example] => [
      `addons.kubeProxy.configurationJSONPatches[].${member}`,
      {
        does,
        set: of({ kubeProxy: { configurationJSONPatches } }),
        sees: (it) => [proxy(it)['mode'], proxy(it)['copied']],
        is: ['nftables', 'nftables'],
      },
    ]),
  ),
  'addons.konnectivity.enabled': {
    does: 'whether there is a tunnel from the API server to the nodes; absent means yes',
    apart: 'off',
    set: of({ konnectivity: { enabled: false } }),
    sees: (it) => [
      it.container('konnectivity-server', 'image'),
      it.flag('kube-apiserver', '--egress-selector-config-file'),
      it.at('Service demo', 'spec', 'ports', 1),
      it.at('Secret demo-konnectivity-kubeconfig'),
      it.inside(AGENT),
    ],
    is: [undefined, [], undefined, undefined, undefined],
  },
  'addons.konnectivity.server.port': {
    does: 'port of the tunnel that agents dial',
    set: server({ port: 9132 }),
    sees: (it) => [
      it.flag('konnectivity-server', '--agent-port'),
      it.at('Service demo', 'spec', 'ports', 1, 'port'),
      it.flagInside(AGENT, '--proxy-server-port'),
    ],
    is: [['9132'], 9132, ['9132']],
  },
  'addons.konnectivity.server.image': {
    does: 'image of the tunnel’s server, without tag',
    apart: 'images',
    set: server({ image: 'mirror.example/server' }),
    sees: (it) => it.container('konnectivity-server', 'image'),
    is: 'mirror.example/server:v0.34.0',
  },
  'addons.konnectivity.server.version': {
    does: 'tag of that image',
    apart: 'tags',
    set: server({ version: 'v0.33.0' }),
    sees: (it) => it.container('konnectivity-server', 'image'),
    is: 'registry.k8s.io/kas-network-proxy/proxy-server:v0.33.0',
  },
  'addons.konnectivity.server.resources': {
    does: 'compute resources of the tunnel’s server',
    set: server({ resources }),
    sees: (it) => it.container('konnectivity-server', 'resources'),
    is: resources,
    whole: true,
  },
  'addons.konnectivity.server.extraArgs': {
    does: 'arguments of the tunnel’s server; those that the system needs are not replaced',
    set: server({ extraArgs: ['--v=4', '--mode=http-connect'] }),
    sees: (it) => ['--v', '--mode'].map((flag) => it.flag('konnectivity-server', flag)),
    is: [['4'], ['grpc']],
  },
  'addons.konnectivity.server.securityContext': {
    does: 'security options of the tunnel’s server',
    set: server({ securityContext }),
    sees: (it) => it.container('konnectivity-server', 'securityContext'),
    is: securityContext,
  },
  'addons.konnectivity.agent.image': {
    does: 'image of the tunnel’s agents, without tag',
    apart: 'images',
    set: agent({ image: 'mirror.example/agent' }),
    sees: (it) => image(it, AGENT),
    is: 'mirror.example/agent:v0.34.0',
  },
  'addons.konnectivity.agent.version': {
    does: 'tag of that image',
    apart: 'tags',
    set: agent({ version: 'v0.33.0' }),
    sees: (it) => image(it, AGENT),
    is: 'registry.k8s.io/kas-network-proxy/proxy-agent:v0.33.0',
  },
  'addons.konnectivity.agent.mode': {
    does: 'one agent per node, or a number of them',
    apart: 'mode',
    set: agent({ mode: 'Deployment' }),
    sees: (it) => [it.inside(AGENT), it.inside('Deployment konnectivity-agent', 'spec', 'replicas')],
    is: [undefined, 2],
  },
  'addons.konnectivity.agent.replicas': {
    does: 'that number',
    set: agent({ replicas: 4 }),
    given: agent({ mode: 'Deployment' }),
    sees: (it) => it.inside('Deployment konnectivity-agent', 'spec', 'replicas'),
    is: 4,
  },
  'addons.konnectivity.agent.tolerations': {
    does: 'taints that the agents tolerate',
    set: agent({ tolerations }),
    sees: (it) => it.inside(AGENT, 'spec', 'template', 'spec', 'tolerations'),
    is: tolerations,
    whole: true,
  },
  'addons.konnectivity.agent.hostNetwork': {
    does: 'the agents run in the nodes’ own network',
    set: agent({ hostNetwork: true }),
    sees: (it) => it.inside(AGENT, 'spec', 'template', 'spec', 'hostNetwork'),
    is: true,
  },
  'addons.konnectivity.agent.resources': {
    does: 'compute resources of the agents',
    set: agent({ resources }),
    sees: (it) => it.inside(AGENT, 'spec', 'template', 'spec', 'containers', 0, 'resources'),
    is: resources,
    whole: true,
  },
  'addons.konnectivity.agent.extraArgs': {
    does: 'arguments of the agents, which win over the system’s',
    set: agent({ extraArgs: ['--v=4', '--proxy-server-host=mine.example'] }),
    sees: (it) => ['--v', '--proxy-server-host'].map((flag) => it.flagInside(AGENT, flag)),
    is: [['4'], ['mine.example']],
  },
};
