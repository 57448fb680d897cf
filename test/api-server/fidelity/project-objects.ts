import { coreDns } from '#addons/coredns.ts';
import { konnectivityAgent } from '#addons/konnectivity-agent.ts';
import { kubeProxy } from '#addons/kube-proxy.ts';
import { kubernetesEndpoints } from '#addons/kubernetes-endpoints.ts';
import { bootstrapObjects } from '#bootstrap/tenant-objects.ts';
import {
  clientService,
  disruptionBudget,
  networkPolicy,
  peersService,
} from '#controllers/datastore/managed/network.ts';
import { managedSettings } from '#controllers/datastore/managed/settings.ts';
import { etcdStatefulSet } from '#controllers/datastore/managed/stateful-set.ts';
import { controlPlaneDeployment } from '#controlplane/deployment.ts';
import { egressSelectorConfigMap } from '#controlplane/egress-selector.ts';
import { controlPlaneNetworkPolicy } from '#controlplane/network-policy.ts';
import { podDisruptionBudget } from '#controlplane/pdb.ts';
import { controlPlaneService } from '#controlplane/service.ts';
import { inputFor, tenant } from '#controlplane/tenant-control-plane.fake.ts';
import * as builtin from '#runtime/client/builtin.ts';
import { apiVersionOf } from '#runtime/client/resource.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import type { Behaviour } from './behaviour.ts';
import type { Session } from './session.ts';

const resources: readonly Resource[] = Object.values(builtin);
const tenantControlPlane = tenant();
const settings = managedSettings(
  {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'DataStore',
    metadata: { name: 'default' },
    spec: { driver: 'etcd', managed: { replicas: 3 } },
  },
  'kamaji-system',
  undefined,
);

/** What the controllers put into clusters, by what it is for. */
const objects: Readonly<Record<string, readonly (KubeObject | undefined)[]>> = {
  'a control plane': [
    controlPlaneDeployment(inputFor()),
    controlPlaneService(tenantControlPlane, true),
    egressSelectorConfigMap(tenantControlPlane),
    podDisruptionBudget(tenantControlPlane),
    controlPlaneNetworkPolicy({
      tenantControlPlane,
      konnectivity: true,
      storePeers: [{ namespace: 'kamaji-system', podLabels: { app: 'etcd' }, port: 2379 }],
      managementAddresses: ['10.0.0.1'],
    }),
  ],
  'an etcd of ours': [
    etcdStatefulSet(settings, ['ca']),
    clientService(settings),
    peersService(settings),
    disruptionBudget(settings),
    networkPolicy(settings),
  ],
  CoreDNS: coreDns({ tenantControlPlane, dnsServiceIPs: ['10.96.0.10'] }),
  'kube-proxy': kubeProxy({
    tenantControlPlane,
    controlPlaneEndpoint: '192.0.2.10:6443',
    podCidrs: ['10.244.0.0/16'],
  }),
  'the konnectivity agent': konnectivityAgent({
    tenantControlPlane,
    server: { host: '192.0.2.10', port: 8132 },
    apiServer: { host: '192.0.2.10', port: 6443 },
  }),
  'the endpoints of an API server': kubernetesEndpoints({ address: '192.0.2.10', port: 6443 }),
  kubeadm: bootstrapObjects({
    clusterName: 'demo',
    kubernetesVersion: 'v1.35.4',
    controlPlaneEndpoint: '10.0.0.1:6443',
    caCertificatesPem: 'ca\n',
    clusterDomain: 'cluster.local',
    serviceCidrs: ['10.96.0.0/16'],
    podCidrs: ['10.244.0.0/16'],
    certSANs: ['api.example.org'],
    dnsServiceIPs: ['10.96.0.10'],
  }),
};

export const projectObjects: readonly Behaviour[] = Object.entries(objects).map(([name, parts]) => ({
  title: `what belongs to ${name} is applied, and applied again without a change`,
  run: async (on) => {
    for (const object of parts) {
      if (object === undefined) continue;
      await applyHere(on, object);
      await applyHere(on, object);
    }
  },
}));

async function applyHere(on: Session, object: KubeObject): Promise<void> {
  const resource = resources.find((one) => one.kind === object.kind && apiVersionOf(one) === object.apiVersion);
  if (resource === undefined) throw new TypeError(`${object.apiVersion} ${object.kind} is no kind of the client`);
  // Its owner is not there: it would be garbage.
  const { name = '', namespace: _, ownerReferences: __, ...metadata } = object.metadata ?? {};
  // Names of the cluster's own objects are taken on a real server.
  const here = resource.namespaced ? { name, namespace: on.namespace } : { name: `${on.namespace}:${name}` };
  await on.apply(resource, 'kamaji', { ...object, metadata: { ...metadata, ...here } }, { query: { force: true } });
}
