/** A test that shows something. */
interface Shown {
  readonly file: string;
  readonly test: string;
}

/** One item of the contract for control plane providers (Cluster API: developer/providers/contracts/control-plane, v1beta2). */
export type Item = {
  /** As contract.test.ts has it in its test's name. */
  readonly number: number;
  readonly asks: string;
} & (
  | {
      /** Beside the test that is named after the item. */
      readonly alsoShownBy: readonly Shown[];
    }
  | { readonly doesNotApply: string }
);

const controller = 'controllers/kamajicontrolplane';
const at =
  (file: string) =>
  (test: string): Shown => ({ file, test });
const onServer = at(`${controller}/controller.test.ts`);
const inLife = at(`${controller}/life-cycle.test.ts`);
const ofStatus = at(`${controller}/status.test.ts`);
const ofVersions = at(`${controller}/versions.test.ts`);
const ofEndpoint = at(`${controller}/phases/endpoint.test.ts`);
const ofTenant = at(`${controller}/desired-tenant-control-plane.test.ts`);
const withCore = at('test/cluster-api/core.test.ts');
const ofWorkers = at('test/cluster-api/workers.test.ts');
const ofTopology = at('test/cluster-api/topology.test.ts');
const ofMove = at('test/cluster-api/move.test.ts');
const ofInstances = at('test/instances.test.ts');

const item = (number: number, asks: string, ...alsoShownBy: readonly Shown[]): Item => ({ number, asks, alsoShownBy });
const without = (number: number, asks: string, doesNotApply: string): Item => ({ number, asks, doesNotApply });

export const table: readonly Item[] = [
  item(1, 'namespaced resources with lists of their own'),
  item(2, 'definitions are named as core forms their names'),
  item(3, 'a label on each definition names its API version for the contract', {
    file: 'api/kinds.test.ts',
    test: 'both Cluster API kinds carry the contract label',
  }),
  without(4, 'a role for core, where the API group is not its own', 'the group is controlplane.cluster.x-k8s.io'),
  without(5, 'older API versions go by the deprecation policy', 'there is one version'),
  without(6, 'nothing relies on what the contract does not say', 'a rule for readers of the code'),
  item(
    7,
    'spec.controlPlaneEndpoint is filled in where it is not given, and left out while unknown',
    ofEndpoint('is the address of the Service'),
    ofEndpoint('has a port above 32767 where the Cluster wants one'),
    ofEndpoint('is not written again'),
    onServer('one of a Cluster becomes a control plane step by step, and waits for no infrastructure'),
    onServer('an endpoint given up front that is another is a conflict, and nothing is handed out'),
    withCore('items 7 and 18: has the endpoint once the control plane is initialized, and not before'),
  ),
  item(8, 'spec.replicas', ofTenant('0 replicas is a wish of its own')),
  item(
    9,
    'counters and selector in the status, zeros too',
    ofStatus('has explicit zeros before there is anything'),
    ofStatus("takes counters and selector from the tenant's Deployment"),
    withCore('items 9 and 22: shows its counters, and that nothing rolls or scales'),
  ),
  item(10, 'the scale subresource'),
  item(11, 'spec.version, with or without v', ofTenant('a version without v gets one, as image tags have it')),
  item(
    12,
    'status.versions, oldest first, without replicas where there are none',
    ofVersions('is sorted by version, not by text, oldest first'),
    ofVersions('asleep, what ran last stays without a number, or core would take it for provisioning again'),
    onServer('asleep, it keeps its version and says why it is not available'),
  ),
  item(
    13,
    'versions are those of API servers that serve, never what the spec asks for',
    ofVersions('a new pod that is not ready yet serves nobody'),
    ofVersions('there is none before the first pod is ready: core then takes it for provisioning'),
    withCore('item 13: gets no machine of a version that the control plane does not run yet'),
    ofWorkers('are not made before an API server is seen to run (preflight check ControlPlaneIsStable)'),
    ofWorkers('are not made while the control plane is on its way to another version, and then again'),
    ofTopology('is upgraded before its workers, which wait until its API server runs the new version'),
  ),
  item(14, 'no spec.machineTemplate without machines'),
  item(
    15,
    'status.externalManagedControlPlane is true: core drains and deletes worker nodes by it',
    ofWorkers('that turn unhealthy are deleted with their nodes and made anew (MachineHealthCheck)'),
  ),
  item(16, 'spec.rollout.after', {
    file: `${controller}/desired-tenant-control-plane.test.ts`,
    test: 'carries the mark of a rollout on its pods, beside the annotations of the user',
  }),
  without(17, 'hooks for updates in place', 'they are about machines'),
  item(
    18,
    'status.initialization.controlPlaneInitialized, never taken back',
    ofStatus('is never taken back'),
    ofStatus('does not wait for the infrastructure'),
    withCore('items 7 and 18: has the endpoint once the control plane is initialized, and not before'),
  ),
  item(19, 'failureReason and failureMessage are read into a deprecated place only'),
  item(20, 'conditions of the usual shape'),
  item(
    21,
    'Available stays True while pods are replaced',
    withCore('item 21: shows that the control plane is available'),
  ),
  item(
    22,
    'RollingOut, ScalingUp, ScalingDown, and the conditions of Cluster API’s own control plane',
    ofStatus('do not call fewer pods a rollout'),
    ofStatus('do not call a pod that lost its readiness a rollout'),
    withCore('items 9 and 22: shows its counters, and that nothing rolls or scales'),
  ),
  item(
    23,
    'status.observedGeneration and Ready, as generic tools read them',
    ofStatus('shows a new generation as observed only when the tenant has seen what became of it'),
  ),
  item(
    24,
    'a template kind, its contents below spec.template',
    ofTopology('gets a control plane from the KamajiControlPlaneTemplate, in the version and size of the Cluster'),
    ofTopology('follows the template that its ClusterClass changes to, and loses what that does not say'),
  ),
  item(
    25,
    'the template has no field that belongs to one control plane or is written by this provider',
    ofTopology('is then left alone: core finds nothing to correct in its control plane'),
  ),
  item(26, 'an owner may stand before the Cluster', inLife('may name the shim of a ClusterClass before the Cluster')),
  item(
    27,
    'the kubeconfig in Secret <cluster>-kubeconfig, renewed before it expires',
    onServer('kubeconfig and CA are where Cluster API looks for them, and go with the control plane'),
    onServer('a kubeconfig that is issued anew is passed on'),
  ),
  item(
    28,
    'the CA in Secret <cluster>-ca',
    onServer('kubeconfig and CA are where Cluster API looks for them, and go with the control plane'),
    onServer('with the name of its Cluster, one CA Secret serves both'),
  ),
  item(
    29,
    'those Secrets are owned, also after the reference was lost',
    inLife('that were lost are put back'),
    inLife('with a UID out of a backup are renewed, not taken for somebody else’s'),
    ofMove('takes everything there, and nothing is left where it was'),
    ofMove('not one certificate, key, kubeconfig or password is another'),
  ),
  item(
    30,
    'a pause of the Cluster or by annotation, before deletion too',
    inLife('pauses the TenantControlPlane too, and only then lets clusterctl move it'),
    inLife('ends for the TenantControlPlane as well'),
    inLife('does not end a pause that the user has put on the TenantControlPlane'),
    onServer('does not begin while the object is paused'),
    withCore('item 30: pauses the control plane with it'),
  ),
  without(31, 'placement and metadata of machines', 'there are none'),
  item(
    32,
    '--namespace and --watch-filter',
    ofInstances('a control plane is made by the instance of its namespace, and by no other'),
    ofInstances('the one without --namespace looks after what its --watch-filter names, and after stores'),
    ofInstances('none of them was refused anything'),
  ),
  item(
    33,
    'it goes after the workers, and only when all behind it is gone',
    inLife('deleted by itself, it waits until the workers of its Cluster are drained and gone'),
    onServer('waits for the tenant and says what that one waits for'),
    onServer('ends when the tenant is gone'),
    withCore('item 33: is gone after its control plane, and that after the tenant'),
    ofMove('deleted there, it leaves nothing: not there, not where it was, not in the store'),
  ),
  item(
    34,
    'the Cluster is found among the owners by kind and group, in any version',
    inLife('to the Cluster may be lost for a while'),
    inLife('of an older API version are brought up to date'),
  ),
  without(35, 'stored objects of older versions are migrated', 'there is one version'),
  without(36, 'dates at which older contracts end', 'nothing to do'),
  without(37, 'hooks of the Runtime SDK', 'core calls them; it needs the signals of items 12 and 18'),
];
