import type { JsonObject } from '#api/schema/json-schema.ts';
import type { RuleCase } from './rule-case.ts';
import { kcp } from './rule-case.ts';

const elsewhere = (deploymentNamespace: string): JsonObject => ({
  deployment: {
    externalClusterReference: { kubeconfigSecretName: 'there', kubeconfigSecretKey: 'value', deploymentNamespace },
  },
});
const moved = /deployment\.externalClusterReference can only be given when the control plane is created: put it back/;

/** Of KamajiControlPlanes, but for versions and networks. */
export const kamajiControlPlaneRuleCases: readonly Omit<RuleCase, 'kind'>[] = [
  {
    title: 'ingress and gateway together',
    accepted: kcp({ ingress: { hostname: 'a.example.com' } }),
    refused: kcp({
      ingress: { hostname: 'a.example.com' },
      gateway: { name: 'edge', namespace: 'default', hostname: 'a.example.com' },
    }),
    says: /network\.ingress and network\.gateway exclude each other: remove one/,
  },
  {
    title: 'source ranges without a load balancer',
    accepted: kcp({ loadBalancerConfig: { loadBalancerSourceRanges: ['198.51.100.0/24'] } }),
    refused: kcp({ serviceType: 'NodePort', loadBalancerConfig: { loadBalancerSourceRanges: ['198.51.100.0/24'] } }),
    says: /loadBalancerSourceRanges is for .* is NodePort: remove the field or change the type/,
  },
  {
    title: 'a load-balancer class without a load balancer',
    accepted: kcp({ loadBalancerConfig: { loadBalancerClass: 'example.com/a' } }),
    refused: kcp({ serviceType: 'ClusterIP', loadBalancerConfig: { loadBalancerClass: 'example.com/a' } }),
    says: /loadBalancerClass is for .* is ClusterIP: remove the field or change the type/,
  },
  {
    title: 'a load-balancer class added to a load balancer',
    from: kcp({}),
    accepted: kcp({ serviceType: 'ClusterIP' }),
    refused: kcp({ loadBalancerConfig: { loadBalancerClass: 'example.com/a' } }),
    says: /loadBalancerClass cannot be added .*: change network\.serviceType first/,
  },
  {
    title: 'another load-balancer class',
    from: kcp({ loadBalancerConfig: { loadBalancerClass: 'example.com/a' } }),
    accepted: kcp({ loadBalancerConfig: { loadBalancerClass: 'example.com/a', loadBalancerSourceRanges: [] } }),
    refused: kcp({ loadBalancerConfig: { loadBalancerClass: 'example.com/b' } }),
    says: /network\.loadBalancerConfig\.loadBalancerClass cannot be changed/,
  },
  {
    title: 'another dataStoreUsername',
    from: kcp({}, { dataStoreUsername: 'one' }),
    accepted: kcp({}, { dataStoreUsername: 'one', replicas: 3 }),
    refused: kcp({}, { dataStoreUsername: 'two' }),
    says: /dataStoreUsername can only be given when the control plane is created: put it back/,
  },
  {
    title: 'a dataStoreSchema given later',
    from: kcp({}),
    accepted: kcp({}, { dataStoreName: 'one' }),
    refused: kcp({}, { dataStoreSchema: 'one' }),
    says: /dataStoreSchema can only be given when the control plane is created: put it back/,
  },
  {
    title: 'another cluster for a control plane that is there',
    from: kcp({}, elsewhere('there')),
    accepted: kcp({}, { ...elsewhere('there'), replicas: 3 }),
    refused: kcp({}, elsewhere('somewhere else')),
    says: moved,
  },
  {
    title: 'an external cluster given later',
    from: kcp({}, { deployment: { serviceAccountName: 'one' } }),
    accepted: kcp({}),
    refused: kcp({}, elsewhere('there')),
    says: moved,
  },
  {
    title: 'an external cluster taken away',
    from: kcp({}, elsewhere('there')),
    accepted: kcp({}, elsewhere('there')),
    refused: kcp({}),
    says: moved,
  },
  {
    title: 'dataStoreName taken away',
    from: kcp({}, { dataStoreName: 'one' }),
    accepted: kcp({}, { dataStoreName: 'two' }),
    refused: kcp({}),
    says: /dataStoreName cannot be removed once it is set: put it back/,
  },
];
