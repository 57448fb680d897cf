import { X509Certificate } from 'node:crypto';
import type { FieldTable } from '../field.ts';

// What it takes to see it: two API servers, and the manager's route between them.
const shownBy = {
  file: 'admission/limited-writes.test.ts',
  test: 'writes that a tenant is refused, on real API servers',
};
const dataStoreOverrides = [{ resource: '/events', dataStore: 'other' }];

/** Where the tenant's data is. */
export const stores: FieldTable = {
  dataStore: {
    does: 'the store that the tenant’s data is on',
    set: { dataStore: 'other' },
    given: { dataStore: 'default' },
    sees: (it) => it.flag('kube-apiserver', '--etcd-servers'),
    is: ['https://one.example:2390,https://two.example:2390'],
  },
  dataStoreSchema: {
    does: 'name of the tenant’s database, key prefix or bucket',
    set: { dataStoreSchema: 'mine' },
    sees: (it) => it.flag('kube-apiserver', '--etcd-prefix'),
    is: ['/mine'],
  },
  dataStoreUsername: {
    does: 'name of the tenant’s user in the store',
    set: { dataStoreUsername: 'me' },
    sees: (it) => new X509Certificate(it.secret('datastore-certificate', 'server.crt')).subject,
    is: 'CN=me',
  },
  'dataStoreOverrides[].resource': {
    does: 'resources that are kept on another store',
    set: { dataStoreOverrides },
    sees: (it) => it.flag('kube-apiserver', '--etcd-servers-overrides'),
    is: ['/events#https://one.example:2390;https://two.example:2390'],
  },
  'dataStoreOverrides[].dataStore': {
    does: 'the store that they are on; the pods may reach it',
    set: { dataStoreOverrides },
    sees: (it) => JSON.stringify(it.at('NetworkPolicy demo', 'spec', 'egress')).includes('"port":2390'),
    is: true,
  },
  'writePermissions.blockCreation': { does: 'nobody in the tenant can create objects', shownBy },
  'writePermissions.blockUpdate': { does: 'nobody in the tenant can change objects', shownBy },
  'writePermissions.blockDeletion': { does: 'nobody in the tenant can delete objects', shownBy },
};
