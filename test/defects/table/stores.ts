import type { Defect } from '../defect.ts';

const CONTROLLER = 'controllers/datastore/controller.test.ts';
const STORAGE = 'controllers/tenantcontrolplane/phases/storage.test.ts';
const MIGRATION = 'data does not move between stores.';

/** Stores, and the places of tenants in them. */
export const stores: readonly Defect[] = [
  {
    section: '6.1, 6.7',
    upstream: 'stores of overrides and of tenants to come do not count as used, and can be deleted',
    ours: 'all of them count',
    shownBy: [
      [
        CONTROLLER,
        'lists the tenants that use it, by spec, by status and as override, and outlives its deletion until they go',
      ],
      ['datastore/scheduling.test.ts', 'a tenant uses the stores of its status, its spec and its overrides, each once'],
    ],
  },
  {
    section: '6.1',
    upstream: 'a store is ready where Secrets exist, be it dead or open to everybody',
    ours: 'it is asked: whether it is there, which one it is, whether it enforces authorization',
    shownBy: [
      [CONTROLLER, 'is not ready while it enforces no authorization'],
      [CONTROLLER, 'is seen to be down, and to be back by itself with the same identity'],
    ],
  },
  {
    section: '6.4',
    upstream: 'a role in etcd that its user does not hold stops a tenant for ever',
    ours: 'it is completed',
    shownBy: [['datastore/etcd/driver.test.ts', 'a user or a role that a crash left without the other is completed']],
  },
  {
    section: '6.4',
    upstream: 'the default name of the user is too long for MySQL',
    ours: 'names have 32 characters',
    shownBy: [['datastore/naming.test.ts', 'default names fit every kind of store']],
  },
  {
    section: '6.4',
    upstream: 'with PostgreSQL kept connections may end up in a tenant’s database',
    ours: 'connections to a database of a tenant are their own',
    shownBy: [['test/sql/tenant-cases.ts', 'twenty tenants made at once each get their own, over four connections']],
  },
  {
    section: '6.3, 6.5',
    upstream: 'tenants get the store’s own credentials: with NATS its password, with SQL its client certificate',
    ours: 'with SQL the authority and a password of their own',
    shownBy: [
      ['controllers/tenantcontrolplane/phases/storage.test.ts', 'of a database has a password that the store knows'],
    ],
    missing: 'the one tenant of a NATS gets in with the store’s credentials.',
  },
  {
    section: '6.7',
    upstream: 'overrides write over the Secrets of the main store; their data is not deleted',
    ours: 'one certificate that each of them accepts, be its authority another one; each is dropped from',
    shownBy: [
      [STORAGE, 'has one certificate that stores of another authority accept, too, and keeps it'],
      ['controllers/tenantcontrolplane/phases/deletion.test.ts', 'is dropped from every store that it has data on'],
    ],
  },
  {
    section: '6.8',
    upstream:
      'a move to another store loses writes, cannot be verified or taken back, and is not judged before it begins',
    ours: 'a tenant stays where its data is, and says so',
    shownBy: [[STORAGE, 'stays where the data is when the spec names another DataStore, and says so']],
    missing: MIGRATION,
  },
];
