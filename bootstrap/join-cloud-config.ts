import { parse } from 'yaml';
import { caPins } from '#pki/inspect.ts';
import type { BootstrapTokenString } from './bootstrap-token.ts';
import { formatBootstrapToken } from './bootstrap-token.ts';
import type { KubeadmApiVersion } from './kubeadm-version.ts';
import { toYaml } from './yaml-text.ts';

/** What a machine needs to know to become a node of a tenant. */
export interface JoinInput {
  /** `host:port` that the machine reaches, an IPv6 host in brackets. */
  readonly controlPlaneEndpoint: string;
  /** The tenant's CA; every certificate in it is accepted. */
  readonly caCertificatesPem: string;
  readonly token: BootstrapTokenString;
  /** Flags of the kubelet, without dashes. */
  readonly kubeletExtraArgs?: Readonly<Record<string, string>>;
}

/**
 * User data that makes any machine with kubeadm join a tenant: cloud-config with `write_files` and `runcmd` only, since that
 * is all that CAPD understands. The machine keeps its own name and container runtime. It is written for two readers:
 * cloud-init, and CAPD, which runs every command by itself, stops at the first that fails, adds flags behind the literal
 * text `kubeadm join` and adapts the file /run/kubeadm/kubeadm-join-config.yaml to nodes in containers.
 */
export function joinCloudConfig(input: JoinInput): string {
  const document = {
    write_files: [
      file(JOIN_FILE, toYaml(joinConfiguration(input, 'kubeadm.k8s.io/v1beta4'))),
      file(V1BETA3_FILE, toYaml(joinConfiguration(input, 'kubeadm.k8s.io/v1beta3'))),
      file('/run/cluster-api/placeholder', 'This file is here for the sake of its directory.\n'),
    ],
    runcmd: [CHOOSE_VERSION, `kubeadm join --config ${JOIN_FILE} && echo success > ${SUCCESS_FILE}`],
  };
  return `#cloud-config\n${toYaml(document)}`;
}

/** The JoinConfiguration of a worker in one version of kubeadm's configuration API. */
export function joinConfiguration(input: JoinInput, apiVersion: KubeadmApiVersion): object {
  const args = Object.entries(input.kubeletExtraArgs ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  const kubeletExtraArgs =
    apiVersion === 'kubeadm.k8s.io/v1beta3' ? Object.fromEntries(args) : args.map(([name, value]) => ({ name, value }));
  return {
    apiVersion,
    kind: 'JoinConfiguration',
    discovery: {
      bootstrapToken: {
        apiServerEndpoint: input.controlPlaneEndpoint,
        token: formatBootstrapToken(input.token),
        caCertHashes: caPins(input.caCertificatesPem),
      },
    },
    nodeRegistration: {
      ...(args.length === 0 ? {} : { kubeletExtraArgs }),
      // Keeps workload away until Cluster API has labelled the node, which then takes the taint off
      // (Cluster API: bootstrap contract, "Taint Nodes at creation").
      taints: [{ key: 'node.cluster.x-k8s.io/uninitialized', effect: 'NoSchedule' }],
    },
  };
}

/** The token in user data made by `joinCloudConfig`, or undefined when the text is something else. */
export function readJoinToken(cloudConfig: string): BootstrapTokenString | undefined {
  const content = list(valueAt(tryParse(cloudConfig), 'write_files')).find((one) => valueAt(one, 'path') === JOIN_FILE);
  const text = valueAt(content, 'content');
  const discovery = valueAt(typeof text === 'string' ? tryParse(text) : undefined, 'discovery');
  const token = valueAt(valueAt(discovery, 'bootstrapToken'), 'token');
  const [, id, secret] = (typeof token === 'string' ? /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token) : null) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

// The path at which CAPD looks for a JoinConfiguration, and Cluster API's own bootstrap provider puts one.
const JOIN_FILE = '/run/kubeadm/kubeadm-join-config.yaml';
const V1BETA3_FILE = '/run/kubeadm/kubeadm-join-config-v1beta3.yaml';
const SUCCESS_FILE = '/run/cluster-api/bootstrap-success.complete';

// The version is the machine's to know. Where CAPD has already written the file for the machine's version, with additions,
// there is no v1beta4 in it any more and it stays.
const CHOOSE_VERSION = [
  'case "$(kubeadm version -o short)" in',
  '  v1.[0-9].*|v1.[12][0-9].*|v1.30.*)',
  `    if grep -q kubeadm.k8s.io/v1beta4 ${JOIN_FILE}; then cp ${V1BETA3_FILE} ${JOIN_FILE}; fi ;;`,
  'esac',
  '',
].join('\n');

function file(path: string, content: string): object {
  return { path, owner: 'root:root', permissions: '0600', content };
}

function tryParse(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function valueAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
