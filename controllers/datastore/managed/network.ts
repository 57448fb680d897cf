import { labels } from '#api/labels.ts';
import { ETCD_CLIENT_PORT, managedPodLabels } from '#datastore/managed.ts';
import type { PodDisruptionBudget, Service } from '#runtime/client/builtin.ts';
import { managedMetadata, type ManagedSettings } from './settings.ts';
import { ETCD_PEER_PORT } from './stateful-set.ts';

/** Labels of the manager's own pods (the install manifests set them). */
const MANAGER_LABELS = { 'control-plane': 'kamaji-controller-manager' };

/** The one address of the store for all its clients. */
export function clientService(settings: ManagedSettings): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: managedMetadata(settings, settings.names.base),
    spec: {
      type: 'ClusterIP',
      selector: managedPodLabels(settings.dataStoreName),
      ports: [{ name: 'client', port: ETCD_CLIENT_PORT, targetPort: 'client', protocol: 'TCP' }],
    },
  };
}

/** Gives each member its name, before it is ready: members need each other to become so. */
export function peersService(settings: ManagedSettings): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: managedMetadata(settings, settings.names.peers),
    spec: {
      type: 'ClusterIP',
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: managedPodLabels(settings.dataStoreName),
      ports: [
        { name: 'client', port: ETCD_CLIENT_PORT, targetPort: 'client', protocol: 'TCP' },
        { name: 'peer', port: ETCD_PEER_PORT, targetPort: 'peer', protocol: 'TCP' },
      ],
    },
  };
}

/** Never two members at a time. A single member is no reason to hold a drain up for ever: there is none for it. */
export function disruptionBudget(settings: ManagedSettings): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: managedMetadata(settings, settings.names.base),
    spec: { maxUnavailable: 1, selector: { matchLabels: managedPodLabels(settings.dataStoreName) } },
  };
}

/** Clients are the control planes of tenants in any namespace and the manager; members reach each other and DNS, nothing else. */
export function networkPolicy(settings: ManagedSettings) {
  const members = { podSelector: { matchLabels: managedPodLabels(settings.dataStoreName) } };
  const port = (number: number, protocol = 'TCP') => ({ port: number, protocol });
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: managedMetadata(settings, settings.names.base),
    spec: {
      podSelector: members.podSelector,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          ports: [port(ETCD_CLIENT_PORT)],
          from: [
            { podSelector: { matchLabels: MANAGER_LABELS } },
            {
              namespaceSelector: {},
              podSelector: {
                matchLabels: { [labels.component]: 'deployment' },
                matchExpressions: [{ key: labels.name, operator: 'Exists' }],
              },
            },
            members,
          ],
        },
        { ports: [port(ETCD_PEER_PORT)], from: [members] },
      ],
      egress: [
        { ports: [port(ETCD_PEER_PORT), port(ETCD_CLIENT_PORT)], to: [members] },
        { ports: [port(53, 'UDP'), port(53)] },
      ],
    },
  };
}
