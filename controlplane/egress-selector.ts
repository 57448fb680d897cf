import { stringify } from 'yaml';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { namesOfControlPlane } from './names.ts';
import type { ConfigMap } from './objects.ts';
import { ownedMetadata } from './objects.ts';

/** Key of the ConfigMap, and file name in the API server's container. */
export const EGRESS_SELECTOR_KEY = 'egress-selector-configuration.yaml';

/** Socket between the API server and the konnectivity server beside it. */
export const KONNECTIVITY_SOCKET = '/run/konnectivity/konnectivity-server.socket';

const CONFIGURATION = stringify({
  apiVersion: 'apiserver.k8s.io/v1beta1',
  kind: 'EgressSelectorConfiguration',
  egressSelections: [
    {
      name: 'cluster',
      connection: { proxyProtocol: 'GRPC', transport: { uds: { udsName: KONNECTIVITY_SOCKET } } },
    },
  ],
});

/**
 * Sends what the API server has to say to nodes, pods and Services of the tenant through the tunnel (Kubernetes:
 * EgressSelectorConfiguration). The datastore and webhooks given by URL are still dialled directly.
 */
export function egressSelectorConfigMap(tenantControlPlane: TenantControlPlane): ConfigMap {
  const { egressSelectorConfiguration } = namesOfControlPlane(tenantControlPlane.metadata.name ?? '');
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: ownedMetadata(
      tenantControlPlane,
      egressSelectorConfiguration,
      'konnectivity-egress-selector-configuration',
    ),
    data: { [EGRESS_SELECTOR_KEY]: CONFIGURATION },
  };
}
