import { isIPv4 } from 'node:net';
import type { Docker } from '../docker/docker.ts';
import { LabError } from '../lab-error.ts';
import { dockerNetwork } from '../paths.ts';
import type { StepOptions } from '../progress.ts';
import { waitFor } from '../wait.ts';
import { apply, type Kubectl } from './kubectl.ts';
import type { ClusterService } from './service.ts';

const namespace = 'metallb-system';

/**
 * MetalLB in layer-2 mode: the node answers ARP for LoadBalancer addresses on the Docker network, where worker machines
 * live too.
 *
 * @param manifest MetalLB's `metallb-native.yaml`
 */
export function loadBalancer(manifest: string): ClusterService {
  return {
    name: 'load-balancer',
    namespace,
    manifests: manifest,
    workloads: ['deployment/controller', 'daemonset/speaker'],
  };
}

/** Gives MetalLB the top of the Docker network's address range; answers the range. */
export async function ensureAddressPool(kubectl: Kubectl, docker: Docker, options: StepOptions): Promise<string> {
  const range = addressRange(await networkSubnet(docker));
  const apiVersion = 'metallb.io/v1beta1';
  const metadata = { name: 'lab', namespace };
  const objects = [
    { apiVersion, kind: 'IPAddressPool', metadata, spec: { addresses: [range] } },
    { apiVersion, kind: 'L2Advertisement', metadata, spec: { ipAddressPools: ['lab'] } },
  ];
  // Its webhook answers a moment after its pod is ready.
  const look = async () => {
    await apply(kubectl, objects);
    return { value: range };
  };
  return waitFor("MetalLB's webhook", 60, look, options);
}

/**
 * The last 254 addresses of an IPv4 subnet before its broadcast address, or its last quarter when it is small. Docker
 * gives containers the lowest free address, so the two never meet.
 *
 * @param subnet in CIDR notation, `172.18.0.0/16`
 * @returns `172.18.255.1-172.18.255.254`
 */
export function addressRange(subnet: string): string {
  const [network = '', prefix = ''] = subnet.split('/');
  const size = 2 ** (32 - Number(prefix));
  const first = network.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
  const last = first + size - 2;
  const count = Math.min(254, Math.floor(size / 4));
  return `${dotted(last - count + 1)}-${dotted(last)}`;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

async function networkSubnet(docker: Docker): Promise<string> {
  const format = '{{range .IPAM.Config}}{{.Subnet}} {{end}}';
  const subnets = (await docker(['network', 'inspect', dockerNetwork, '--format', format])).trim().split(' ');
  const subnet = subnets.find((candidate) => isIPv4(candidate.split('/')[0] ?? ''));
  if (subnet === undefined) throw new LabError('ClusterFailed', `Docker network ${dockerNetwork} has no IPv4 subnet`);
  return subnet;
}
