import { dataStores, kamajiControlPlanes, kubeconfigGenerators, tenantControlPlanes } from '#api/kinds.ts';
import { kamajiControlPlaneRuleCases } from './kamaji-control-plane-rule-cases.ts';
import { networkRuleCases } from './network-rule-cases.ts';
import type { RuleCase } from './rule-case.ts';
import { tcp } from './rule-case.ts';
import { versionRuleCases } from './version-rule-cases.ts';

const withArguments = (...apiServer: string[]) => ({ deployment: { extraArgs: { apiServer } } });
const writePermissions = (blockUpdate: boolean) => ({ writePermissions: { blockUpdate } });
const loadBalancer = { serviceType: 'LoadBalancer' };

const tenantControlPlaneCases: readonly Omit<RuleCase, 'kind'>[] = [
  {
    title: 'a name that no Service can have',
    accepted: tcp({}),
    refused: tcp({}),
    refusedName: '1st.tenant',
    says: /metadata\.name 1st\.tenant .*at most 63/,
  },
  {
    title: 'a version without patch',
    accepted: tcp({ version: '1.35.4-rc.0' }),
    refused: tcp({ version: 'v1.35' }),
    says: /version v1\.35 .*such as v1\.35\.4/,
  },
  {
    title: 'limited writes beside the user’s own authorization',
    accepted: tcp({ controlPlane: withArguments('--authorization-mode=RBAC'), spec: writePermissions(false) }),
    refused: tcp({ controlPlane: withArguments('--v=2', '--authorization_mode=RBAC'), spec: writePermissions(true) }),
    says: /writePermissions cannot be enforced beside .*--authorization-mode.* in controlPlane\.deployment\.extraArgs\.apiServer: remove one/,
  },
  {
    title: 'limited writes under a webhook of the user',
    from: tcp({ spec: writePermissions(true) }),
    accepted: tcp({ controlPlane: withArguments('--v=2'), spec: writePermissions(true) }),
    refused: tcp({
      controlPlane: withArguments('--authorization-webhook-config-file', '/a'),
      spec: writePermissions(true),
    }),
    says: /writePermissions cannot be enforced beside/,
  },
  {
    title: 'ingress and gateway together',
    accepted: tcp({ controlPlane: { gateway: { hostname: 'a.example.com' } } }),
    refused: tcp({ controlPlane: { gateway: { hostname: 'a.example.com' }, ingress: { hostname: 'a.example.com' } } }),
    says: /ingress and controlPlane\.gateway exclude each other: remove one/,
  },
  {
    title: 'source ranges without a load balancer',
    accepted: tcp({ service: loadBalancer, network: { loadBalancerSourceRanges: ['198.51.100.0/24'] } }),
    refused: tcp({ network: { loadBalancerSourceRanges: ['198.51.100.0/24'] } }),
    says: /loadBalancerSourceRanges is for .* is ClusterIP: remove the field or change the type/,
  },
  {
    title: 'no source ranges, without a load balancer',
    accepted: tcp({ network: { loadBalancerSourceRanges: [] } }),
    refused: tcp({ network: { loadBalancerSourceRanges: ['everywhere'] } }),
    says: /everywhere is no network: write an address with a prefix length/,
  },
  {
    title: 'a load-balancer class without a load balancer',
    accepted: tcp({ service: loadBalancer, network: { loadBalancerClass: 'example.com/a' } }),
    refused: tcp({ network: { loadBalancerClass: 'example.com/a' } }),
    says: /loadBalancerClass is for .*: remove the field or change the type/,
  },
  {
    title: 'node-port allocation without a load balancer',
    accepted: tcp({ service: { ...loadBalancer, allocateLoadBalancerNodePorts: false } }),
    refused: tcp({ service: { allocateLoadBalancerNodePorts: false } }),
    says: /allocateLoadBalancerNodePorts is for .*: remove the field or change the type/,
  },
  {
    title: 'a load-balancer class added to a load balancer',
    from: tcp({ service: loadBalancer }),
    accepted: tcp({}),
    refused: tcp({ service: loadBalancer, network: { loadBalancerClass: 'example.com/a' } }),
    says: /loadBalancerClass cannot be added .*: change controlPlane\.service\.serviceType first/,
  },
  {
    title: 'another load-balancer class',
    from: tcp({ service: loadBalancer, network: { loadBalancerClass: 'example.com/a' } }),
    accepted: tcp({ service: loadBalancer, network: { loadBalancerClass: 'example.com/a', port: 7443 } }),
    refused: tcp({ service: loadBalancer, network: { loadBalancerClass: 'example.com/b' } }),
    says: /loadBalancerClass cannot be changed/,
  },
  {
    title: 'another cluster domain',
    from: tcp({ network: { clusterDomain: 'one.local' } }),
    accepted: tcp({ network: { clusterDomain: 'one.local', port: 7443 } }),
    refused: tcp({ network: { clusterDomain: 'two.local' } }),
    says: /clusterDomain cannot be changed/,
  },
  ...['dataStore', 'dataStoreSchema', 'dataStoreUsername'].map((field) => ({
    title: `${field} taken away`,
    from: tcp({ spec: { [field]: 'one' } }),
    accepted: tcp({ spec: { [field]: 'one', addons: {} } }),
    refused: tcp({}),
    says: new RegExp(`${field} cannot be removed once it is set: put it back`),
  })),
  ...['dataStoreSchema', 'dataStoreUsername'].map((field) => ({
    title: `another ${field}`,
    from: tcp({ spec: { [field]: 'one' } }),
    accepted: tcp({ spec: { [field]: 'one', addons: {} } }),
    refused: tcp({ spec: { [field]: 'two' } }),
    says: new RegExp(`${field} cannot be changed`),
  })),
  {
    title: 'an address that is a name',
    accepted: tcp({ network: { address: 'fd00::1', advertiseAddress: '' } }),
    refused: tcp({ network: { address: 'api.example.com' } }),
    says: /networkProfile\.address.*api\.example\.com is no IP address: write one/,
  },
  {
    title: 'a subject alternative name with a port',
    accepted: tcp({ network: { certSANs: ['a.example.com', '*.example.com', '192.0.2.1', 'fd00::1'] } }),
    refused: tcp({ network: { certSANs: ['a.example.com:6443'] } }),
    says: /certSANs\[0\].*a\.example\.com:6443 is neither .*: write it without scheme and port/,
  },
  {
    title: 'a Service network without prefix length',
    accepted: tcp({ network: { serviceCidr: '', serviceCidrs: ['10.96.0.0/16', 'fd00::/108'] } }),
    refused: tcp({ network: { serviceCidr: '10.96.0.0' } }),
    says: /serviceCidr.*10\.96\.0\.0 is no network: write an address with a prefix length/,
  },
  {
    title: 'a DNS address that is none',
    accepted: tcp({ network: { dnsServiceIPs: ['10.96.0.10'] } }),
    refused: tcp({ network: { dnsServiceIPs: ['dns.example.com'] } }),
    says: /dnsServiceIPs\[0\].*dns\.example\.com is no IP address: write one/,
  },
  {
    title: 'a DNS address outside the Service networks',
    accepted: tcp({
      network: { serviceCidrs: ['10.0.0.0/24', 'fd00::/108'], dnsServiceIPs: ['10.0.0.10', 'fd00::a'] },
    }),
    refused: tcp({ network: { dnsServiceIPs: ['10.96.0.10', '192.0.2.10'] } }),
    says: /dnsServiceIPs 10\.96\.0\.10, 192\.0\.2\.10 must lie within the Service networks: correct them/,
  },
  {
    title: 'replicas of a DaemonSet',
    accepted: tcp({ spec: { addons: { konnectivity: { agent: { mode: 'DaemonSet', replicas: 0 } } } } }),
    refused: tcp({ spec: { addons: { konnectivity: { agent: { mode: 'DaemonSet', replicas: 2 } } } } }),
    says: /replicas is set, .*: leave replicas out or use mode Deployment/,
  },
  {
    title: 'a schema that contains others',
    accepted: tcp({ spec: { dataStoreSchema: 'tenants_demo-1.a' } }),
    refused: tcp({ spec: { dataStoreSchema: 'tenants/demo' } }),
    says: /dataStoreSchema tenants\/demo cannot be a name in a store: use letters, digits/,
  },
  {
    title: 'a user that a store has already',
    accepted: tcp({ spec: { dataStoreUsername: '' } }),
    refused: tcp({ spec: { dataStoreUsername: 'Root' } }),
    says: /dataStoreUsername Root cannot be a name in a store: .*none of the names that stores use themselves/,
  },
  {
    title: 'an override without store',
    accepted: tcp({ spec: { dataStoreOverrides: [{ resource: 'apps/deployments', dataStore: 'one' }] } }),
    refused: tcp({ spec: { dataStoreOverrides: [{ resource: '/events' }] } }),
    says: /dataStoreOverrides\[0\].*needs resource as group.resource, .*, and dataStore: set both/,
  },
  {
    title: 'a resource with two stores',
    accepted: tcp({
      spec: {
        dataStoreOverrides: [
          { resource: '/events', dataStore: 'one' },
          { resource: '/pods', dataStore: 'one' },
        ],
      },
    }),
    refused: tcp({
      spec: {
        dataStoreOverrides: [
          { resource: '/events', dataStore: 'one' },
          { resource: '/events', dataStore: 'two' },
        ],
      },
    }),
    says: /dataStoreOverrides names a resource twice: name each once/,
  },
  {
    title: 'a Deployment without replicas',
    accepted: tcp({ spec: { addons: { konnectivity: { agent: { mode: 'Deployment', replicas: 2 } } } } }),
    refused: tcp({ spec: { addons: { konnectivity: { agent: { mode: 'Deployment', replicas: 0 } } } } }),
    says: /replicas is 0, .*: raise replicas or leave it out/,
  },
];

const value = { content: 'eA==' };
const tls = {
  certificateAuthority: { certificate: value, privateKey: value },
  clientCertificate: { certificate: value, privateKey: value },
};
const secretReference = { name: 'one', namespace: 'default', keyPath: 'password' };
const sql = { driver: 'PostgreSQL', endpoints: ['db:5432'], basicAuth: { username: value, password: value } };
const etcd = { driver: 'etcd', endpoints: ['etcd:2379'], tlsConfig: tls };

const dataStoreCases: readonly Omit<RuleCase, 'kind'>[] = [
  {
    title: 'another driver',
    from: sql,
    accepted: { ...sql, endpoints: ['db:5433'] },
    refused: { ...sql, driver: 'MySQL' },
    says: /driver cannot be changed/,
  },
  {
    title: 'no endpoints',
    accepted: { driver: 'etcd', managed: {} },
    refused: { driver: 'etcd', tlsConfig: tls },
    says: /endpoints is missing: .*or set managed/,
  },
  {
    title: 'a managed store that is not etcd',
    accepted: { driver: 'etcd', managed: { replicas: 3 } },
    refused: { ...sql, managed: {} },
    says: /driver is PostgreSQL: remove managed or use driver etcd/,
  },
  {
    title: 'an etcd cluster with an even number of members',
    accepted: { driver: 'etcd', managed: { replicas: 5 } },
    refused: { driver: 'etcd', managed: { replicas: 2 } },
    says: /managed\.replicas is no odd number.*: write 1, 3 or 5/,
  },
  {
    title: 'storage of an ephemeral store',
    accepted: { driver: 'etcd', managed: { ephemeral: true } },
    refused: { driver: 'etcd', managed: { ephemeral: true, storage: { size: '1Gi' } } },
    says: /managed\.ephemeral is true, .*: remove one of them/,
  },
  {
    title: 'a store that becomes managed',
    from: etcd,
    accepted: { ...etcd, endpoints: ['etcd-0:2379'] },
    refused: { ...etcd, managed: {} },
    says: /managed cannot be added or removed: create another DataStore/,
  },
  {
    title: 'etcd without the key of its authority',
    accepted: etcd,
    refused: { ...etcd, tlsConfig: { ...tls, certificateAuthority: { certificate: value } } },
    says: /tlsConfig\.certificateAuthority\.privateKey and .* are needed by driver etcd/,
  },
  {
    title: 'a database without authentication',
    accepted: { driver: 'NATS', endpoints: ['nats:4222'], tlsConfig: tls },
    refused: { driver: 'NATS', endpoints: ['nats:4222'] },
    says: /tlsConfig and basicAuth are both missing, and driver NATS .*: set one/,
  },
  {
    title: 'a value from nowhere',
    accepted: { ...sql, basicAuth: { username: value, password: { secretReference } } },
    refused: { ...sql, basicAuth: { username: value, password: {} } },
    says: /basicAuth\.password.*neither content nor secretReference is set: set one/,
  },
  {
    title: 'a Secret of no namespace',
    accepted: { ...sql, basicAuth: { username: value, password: { secretReference } } },
    refused: { ...sql, basicAuth: { username: value, password: { secretReference: { name: 'a', keyPath: 'p' } } } },
    says: /basicAuth\.password\.secretReference.*lacks name or namespace: set both/,
  },
  {
    title: 'an endpoint with a scheme',
    accepted: { ...sql, endpoints: ['db.example.com:5432', '192.0.2.1:5432', '[fd00::1]:5432'] },
    refused: { ...sql, endpoints: ['https://db:5432'] },
    says: /endpoints\[0\].*https:..db:5432: write host:port without scheme/,
  },
  {
    title: 'an endpoint without port',
    accepted: { ...sql, endpoints: ['db:65535'] },
    refused: { ...sql, endpoints: ['db:65536'] },
    says: /endpoints has db:65536: write host:port/,
  },
];

const kubeconfigGeneratorCases: readonly Omit<RuleCase, 'kind'>[] = [
  {
    title: 'a user from two places',
    accepted: { user: { stringValue: 'alice' } },
    refused: { user: { stringValue: 'alice', fromDefinition: 'metadata.name' } },
    says: /exactly one of stringValue and fromDefinition is needed: set one/,
  },
  {
    title: 'a name that no label can have',
    accepted: { user: { stringValue: 'alice' } },
    refused: { user: { stringValue: 'alice' } },
    refusedName: 'g'.repeat(64),
    says: /metadata\.name g+ cannot be the value of a label .*at most 63/,
  },
];

const of = (kind: RuleCase['kind'], cases: readonly Omit<RuleCase, 'kind'>[]): readonly RuleCase[] =>
  cases.map((one) => ({ ...one, kind }));

/** At least one case for each CEL rule of the API. */
export const ruleCases: readonly RuleCase[] = [
  ...of(tenantControlPlanes, tenantControlPlaneCases),
  ...of(dataStores, dataStoreCases),
  ...of(kubeconfigGenerators, kubeconfigGeneratorCases),
  ...of(kamajiControlPlanes, kamajiControlPlaneRuleCases),
  ...versionRuleCases,
  ...networkRuleCases,
];
