import type { Defect } from '../defect.ts';

const LIVE = 'controllers/tenantcontrolplane/tenantcontrolplane.test.ts';
const DELETION = 'controllers/tenantcontrolplane/phases/deletion.test.ts';

/** What people see, how objects go, what the manager costs. */
export const manager: readonly Defect[] = [
  {
    section: '1.1.6',
    upstream: 'no conditions and no Events',
    ours: 'each wait and each failure is a condition that says what to do, and an Event',
    shownBy: [
      ['controllers/tenantcontrolplane/condition-events.test.ts', 'an Event tells of a condition'],
      ['controllers/tenantcontrolplane/status.test.ts', 'the conditions that follow from the others'],
    ],
  },
  {
    section: '1.4',
    upstream: 'namespaces hang on finalizers when the manager, the DataStore or a Secret goes first',
    ours: 'names are in the spec, so no Secret is needed; what a deletion waits for, and how to give the data up, is a condition',
    shownBy: [
      [DELETION, 'its DataStore is gone'],
      [DELETION, 'takes upstream’s finalizer from its credentials, which would never go'],
      ['test/adoption/tenant-control-plane.test.ts', 'loses the finalizer of upstream on its credentials'],
    ],
  },
  {
    section: '2.2',
    upstream: 'a DataStore that does not exist ends the pass as if all were well',
    ours: 'DataStoreNotFound, until it appears',
    shownBy: [[LIVE, 'waits for a DataStore that does not exist, makes nothing, and goes on when it appears']],
  },
  {
    section: '2.2',
    upstream: 'every pass opens connections to the store',
    ours: 'kept ones; a pass over a settled tenant asks the store nothing',
    shownBy: [
      ['datastore/resolve.test.ts', 'gives everyone the same driver and does not read Secrets again for a minute'],
      [
        'controllers/tenantcontrolplane/phases/storage.test.ts',
        'has the same content in a second pass, which asks nothing of the store',
      ],
    ],
  },
  {
    section: '2.2',
    upstream: 'a finalizer that could not be removed is logged and forgotten',
    ours: 'it is a failure, and tried again',
    shownBy: [[DELETION, 'is not over where it could not be let go']],
  },
  {
    section: '2.2',
    upstream: 'every pass counts all control planes and parses all certificates for its metrics',
    ours: 'they are counted when somebody asks',
    shownBy: [['runtime/telemetry/sampled-gauge.test.ts', 'shows what there is at the moment of the scrape']],
  },
  {
    section: '2.4',
    upstream: 'without TLS an empty Secret is made that nobody owns',
    ours: 'none is',
    shownBy: [
      [
        'controllers/tenantcontrolplane/phases/storage.test.ts',
        'of a database without TLS has no Secret of certificates',
      ],
      [LIVE, 'gets all its objects, each owned by it, in few writes'],
    ],
  },
  {
    section: '2.5',
    upstream: 'an ordinary rollout is shown as Unknown',
    ours: 'as Ready; Upgrading where the version changes',
    shownBy: [
      ['controllers/tenantcontrolplane/rollout.test.ts', 'a rollout of the same version begins'],
      [LIVE, 'stays ready through a rollout, and shows the new version when all pods run it'],
    ],
  },
  {
    section: '2.5',
    upstream: 'limited writes hide how far an upgrade is, and the state changes to and fro for ever',
    ours: 'one state from one computation, written when it changes',
    shownBy: [
      ['controllers/tenantcontrolplane/rollout.test.ts', 'an upgrade under limited writes goes on'],
      [
        'controllers/tenantcontrolplane/status.test.ts',
        'is the same after another pass that found the same, however late',
      ],
    ],
  },
  {
    section: '10.4',
    upstream: 'every Secret and ConfigMap of the cluster is kept in memory',
    ours: 'those of control planes only',
    shownBy: [
      [
        'controllers/tenantcontrolplane/gather.test.ts',
        'of kinds that others use too nothing is kept in memory but what is ours',
      ],
    ],
  },
];
