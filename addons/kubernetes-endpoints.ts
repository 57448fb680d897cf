import type { AddonObject } from './objects.ts';
import { metadata } from './objects.ts';

export interface KubernetesEndpointsInput {
  /** IP address and port under which nodes and pods reach the API server, whichever replica answers. */
  readonly address: string;
  readonly port: number;
}

/**
 * The endpoints of the Service `default/kubernetes`, which an API server would otherwise maintain itself: it runs with
 * `--endpoint-reconciler-type=none`, because replicas that share one address take it away from each other when they stop. Not
 * for a tenant whose user chose another reconciler (`maintainsOwnEndpoints`).
 */
export function kubernetesEndpoints({ address, port }: KubernetesEndpointsInput): readonly AddonObject[] {
  const ports = [{ name: 'https', port, protocol: 'TCP' }];
  return [
    {
      apiVersion: 'v1',
      kind: 'Endpoints',
      // Mirrored here, not by the controller manager.
      metadata: metadata('kubernetes', 'default', { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }),
      subsets: [{ addresses: [{ ip: address }], ports }],
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: metadata('kubernetes', 'default', { labels: { 'kubernetes.io/service-name': 'kubernetes' } }),
      addressType: address.includes(':') ? 'IPv6' : 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports,
    },
  ];
}
