import { resourceRequirements, securityContext, toleration } from '../../core/pod.ts';
import { rule } from '../../schema/rule.ts';
import { boolean, enumeration, integer, list, object, optional, string } from '../../schema/schema.ts';
import { configurationJSONPatches } from './configuration-patches.ts';
import { DEFAULT_KONNECTIVITY_AGENT_TOLERATIONS, DEFAULT_KONNECTIVITY_PORT } from './defaults.ts';
import { unoccupied } from './service.ts';

/** Image of an addon; what is absent follows the tenant's Kubernetes version. */
export const imageOverride = {
  imageRepository: optional(string('Registry and path that the image is pulled from.')),
  imageTag: optional(string('Tag of the image.')),
};

/** The `kubeProxy` addon of both a tenant and a KamajiControlPlane. */
export const kubeProxy = object('kube-proxy; present, even empty, means installed.', {
  ...imageOverride,
  configurationJSONPatches: optional(configurationJSONPatches('KubeProxyConfiguration')),
});

const konnectivityVersion = "Tag of the image; absent means the release that fits the tenant's Kubernetes version.";

const konnectivityServer = object(
  'The proxy server beside each API server.',
  {
    port: optional(
      integer("Port that agents connect to, on the control plane's address.", {
        minimum: 1,
        maximum: 65535,
        default: DEFAULT_KONNECTIVITY_PORT,
        rules: [unoccupied('addons.konnectivity.server.port')],
      }),
    ),
    image: optional(
      string("Image without tag; absent means kas-network-proxy/proxy-server of the control plane's registry."),
    ),
    version: optional(string(konnectivityVersion)),
    resources: optional(resourceRequirements),
    extraArgs: optional(list('Additional arguments, as --flag=value.', string('Argument.'))),
    securityContext: optional(securityContext),
  },
  { default: {} },
);

const konnectivityAgent = object(
  "The proxy agent on the tenant's nodes.",
  {
    image: optional(
      string("Image without tag; absent means kas-network-proxy/proxy-agent of the control plane's registry."),
    ),
    version: optional(string(konnectivityVersion)),
    mode: optional(
      enumeration('One agent per node, or a fixed number of agents.', ['DaemonSet', 'Deployment'], {
        default: 'DaemonSet',
      }),
    ),
    replicas: optional(integer('Number of agents in mode Deployment.', { minimum: 0 })),
    tolerations: optional(
      list('Taints that the agents tolerate.', toleration, { default: [...DEFAULT_KONNECTIVITY_AGENT_TOLERATIONS] }),
    ),
    resources: optional(resourceRequirements),
    hostNetwork: optional(boolean("Run the agents in the node's network.", { default: false })),
    extraArgs: optional(list('Additional arguments, as --flag=value.', string('Argument.'))),
  },
  {
    default: {},
    rules: [
      rule(
        "self.mode != 'DaemonSet' || !has(self.replicas) || self.replicas == 0",
        'replicas is set, but mode DaemonSet runs one agent per node: leave replicas out or use mode Deployment',
      ),
      rule(
        "self.mode != 'Deployment' || !has(self.replicas) || self.replicas > 0",
        'replicas is 0, but mode Deployment needs at least one agent: raise replicas or leave it out',
      ),
    ],
  },
);

/** The `konnectivity` addon of both a tenant and a KamajiControlPlane. */
export const konnectivity = object(
  'Tunnel from the API server to the nodes, so that logs, exec and webhooks need no route to them.',
  {
    enabled: optional(
      boolean(
        'Whether the tunnel is used. Absent means yes, also when the whole konnectivity object is absent, unless the ' +
          'installation says otherwise; the answer is kept in status.addons.konnectivity.enabled.',
      ),
    ),
    server: optional(konnectivityServer),
    agent: optional(konnectivityAgent),
  },
);

const named = 'has($.addons) && has($.addons.konnectivity)';

/**
 * CEL: the port of a tunnel that the spec `$` asks for, in a list; an empty one where it does not ask, since only the system
 * knows then whether there is a tunnel.
 */
export const konnectivityPorts =
  `(${named} && (!has($.addons.konnectivity.enabled) || $.addons.konnectivity.enabled) ? ` +
  `[has($.addons.konnectivity.server) && has($.addons.konnectivity.server.port) ? $.addons.konnectivity.server.port : ` +
  `${DEFAULT_KONNECTIVITY_PORT}] : [])`;

/** Addons of a tenant. */
export const addons = object('What is installed inside the tenant cluster.', {
  coreDNS: optional(object('Cluster DNS; present, even empty, means installed.', imageOverride)),
  kubeProxy: optional(kubeProxy),
  konnectivity: optional(konnectivity),
});
