import type { Defect } from '../defect.ts';

const DEPLOYMENT = 'controlplane/deployment.test.ts';
const REAL_SERVER = 'controlplane/on-a-real-server.test.ts';

/** The Deployment of a control plane and its programs. */
export const controlPlane: readonly Defect[] = [
  {
    section: '1.1.3',
    upstream: 'NodeRestriction is not among the default admission plugins: a kubelet may change other nodes',
    ours: 'it is on whatever plugins are listed',
    shownBy: [[DEPLOYMENT, 'NodeRestriction is on whatever plugins the user lists']],
  },
  {
    section: '1.1.4',
    upstream: 'networks are sorted as texts: IPv4 always comes first',
    ours: 'the user’s order counts',
    shownBy: [
      [DEPLOYMENT, 'two families go to both programs in the user’s order'],
      ['controlplane/networks.test.ts', "serviceCidrs: ['fd00:96::/108', '10.96.0.0/16']"],
    ],
  },
  {
    section: '1.5',
    upstream: 'the Service finds its pods by one label that any pod of the namespace may carry',
    ours: 'by two, of which one is of pods of control planes only; a NetworkPolicy guards them',
    shownBy: [
      ['controlplane/service.test.ts', 'kamaji.clastix.io/component'],
      ['controlplane/network-policy.test.ts', 'the policy is about the pods of this control plane'],
    ],
  },
  {
    section: '2.3',
    upstream: 'two handlers write the Deployment and the Service in turns, and have written for ever',
    ours: 'one writer, one apply; nothing is written where nothing changes',
    shownBy: [
      ['controllers/tenantcontrolplane/tenantcontrolplane.test.ts', 'is left alone while nothing changes'],
      [REAL_SERVER, 'is taken, and taken again without any change'],
    ],
  },
  {
    section: '3.1',
    upstream: '`kubectl rollout restart` is taken back, by a second rollout',
    ours: 'it stays',
    shownBy: [[REAL_SERVER, 'kubectl rollout restart stays']],
  },
  {
    section: '3.3',
    upstream: 'arguments stay when the whole list of extraArgs is removed',
    ours: 'what is taken out of the spec is gone',
    shownBy: [[REAL_SERVER, 'and what is taken out of the spec is gone from the Deployment']],
  },
  {
    section: '3.4',
    upstream: 'images are pulled at every start: a registry that is down stops control planes',
    ours: 'images that are there are used',
    shownBy: [[DEPLOYMENT, 'images that are there are used, so that a registry that is down stops nothing']],
  },
  {
    section: '3.4',
    upstream: 'the issuer of tokens ignores the cluster’s domain',
    ours: 'it follows the domain; tokens of upstream’s issuer are accepted',
    shownBy: [[DEPLOYMENT, 'tokens name the tenant’s own domain, and upstream’s are still accepted']],
  },
  {
    section: '3.7',
    upstream: 'another image of kine never reaches control planes that there are',
    ours: 'it is part of what is applied',
    shownBy: [[DEPLOYMENT, 'a newer image of kine reaches control planes that there are']],
  },
  {
    section: '3.7',
    upstream: 'the default image of kine is for one architecture',
    ours: 'the default names an image for all of them',
    shownBy: [['flags.test.ts', 'none are needed']],
  },
  {
    section: '3.8',
    upstream: 'the key of the CA can be read in four places of the pod',
    ours: 'by kube-controller-manager only, that signs with it; files are for root or one group',
    shownBy: [
      [DEPLOYMENT, 'only the controller manager has the key of the CA, to sign for nodes'],
      [DEPLOYMENT, 'root alone reads the keys of root'],
      ['test/adoption/tenant-control-plane.test.ts', 'has its Deployment rolled once'],
    ],
  },
  {
    section: '3.9, 7.4',
    upstream: 'the number of konnectivity servers is an argument: scaling replaces all pods',
    ours: 'agents count the servers by leases',
    shownBy: [
      [DEPLOYMENT, 'not when replicas change: agents count the servers by leases'],
      [REAL_SERVER, 'scaling changes no pod template'],
    ],
  },
  {
    section: '7.4',
    upstream: 'konnectivity that is switched off leaves a volume, a Service port, agents and their rights behind',
    ours: 'all of it goes, on both sides',
    shownBy: [
      [DEPLOYMENT, 'no tunnel where it is off, and nothing left of it'],
      [REAL_SERVER, 'the tunnel’s port goes and comes with the tunnel'],
      [
        'controllers/tenantcontrolplane/tenantcontrolplane.test.ts',
        'loses the tunnel on both sides when it is switched off',
      ],
    ],
  },
  {
    section: '2.7',
    upstream: 'an upgrade is not looked at before: no check of skew, of plugins, no way back',
    ours:
      'minors one at a time, plugins that the new minor lacks refused, an upgrade for which kubelets are too old waits; pods of the old version ' +
      'stay until new ones serve',
    shownBy: [
      ['test/version-rule-cases.ts', 'a minor that is left out'],
      ['test/version-rule-cases.ts', 'an admission plugin that an upgrade loses'],
      [
        'controllers/tenantcontrolplane/kubelet-skew.test.ts',
        'does not begin, and a condition names the nodes and what to do; the control plane is served',
      ],
    ],
    missing: 'uses of APIs that go are not looked for; an upgrade half way to another minor cannot be taken back.',
  },
];
