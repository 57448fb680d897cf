import { rules } from '#controllers/kamajicontrolplane/rbac.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';

/** An infrastructure cluster as Cluster API and its provider read it (Cluster API contract: InfraCluster). */
export interface InfrastructureCluster extends KubeObject {
  spec?: { controlPlaneEndpoint?: { host?: string; port?: number }; apiServerFixedIP?: string };
  status?: { initialization?: { provisioned?: boolean } };
}

const GROUP = 'infrastructure.cluster.x-k8s.io';

/** Kinds are spelled in many ways; where the plural does not tell, this does. */
const SPELLINGS: Readonly<Record<string, string>> = {
  awsclusters: 'AWSCluster',
  ionoscloudclusters: 'IonosCloudCluster',
  metalstackclusters: 'MetalStackCluster',
  openstackclusters: 'OpenStackCluster',
  vsphereclusters: 'VSphereCluster',
};

/** Every kind of infrastructure clusters that the manager may touch, by the roles that it asks for. */
export const infrastructureKinds: readonly Resource<InfrastructureCluster>[] = rules
  .filter(({ apiGroups }) => apiGroups.includes(GROUP))
  .flatMap(({ resources }) => resources)
  .filter((plural, index, all) => !plural.includes('/') && all.indexOf(plural) === index)
  .map((plural) => ({ group: GROUP, version: 'v1beta1', kind: kindOf(plural), plural, namespaced: true }));

function kindOf(plural: string): string {
  const known = SPELLINGS[plural];
  const [, name = ''] = /^(.*)clusters$/u.exec(plural) ?? [];
  return known ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}Cluster`;
}

/** Kinds whose providers leave it to the manager to call them provisioned: it has the right to write their status. */
export function isProvisionedByManager({ plural }: Resource): boolean {
  return rules.some(({ resources }) => resources.includes(`${plural}/status`));
}
