import type { Defect } from '../defect.ts';

/** What may be written. */
export const admission: readonly Defect[] = [
  {
    section: '1.1.1',
    upstream: 'the guide names other fields of writePermissions than there are',
    ours: 'the reference of the API is written from the schema',
    shownBy: [['test/generated.test.ts', 'is what "npm run generate" writes']],
  },
  {
    section: '8',
    upstream: 'cert-manager is needed, and its new authority is not seen until the manager restarts',
    ours: 'no cert-manager; another authority is taken into use without one request that fails',
    shownBy: [
      ['api/kinds.test.ts', 'no definition asks for cert-manager or for conversion'],
      ['admission/certificate-upkeep.test.ts', 'another authority is taken into use without one request that fails'],
    ],
  },
  {
    section: '8.2',
    upstream: 'addresses of the DNS are checked on the old object: bad changes pass, good ones of a bad object fail',
    ours: 'the new one counts; what was there before a rule can be kept',
    shownBy: [
      ['test/rule-cases.ts', 'a DNS address outside the Service networks'],
      ['test/older-objects.test.ts', 'it can be labelled, get a status, lose its finalizer and be deleted'],
    ],
  },
  {
    section: '6.7, 8.2',
    upstream: 'overrides are checked on creation only, and only where no DataStore is named',
    ours: 'always, by rules of the schema; a store that is missing is a condition',
    shownBy: [
      ['test/rule-cases.ts', 'a resource with two stores'],
      ['test/rule-cases.ts', 'an override without store'],
      ['controllers/tenantcontrolplane/phases/storage.test.ts', 'there is no DataStore events: create it'],
    ],
  },
  {
    section: '8.2',
    upstream: 'parts of the Deployment that cannot be are refused on changes only',
    ours: 'on creation too',
    shownBy: [['admission/real-api.test.ts', 'parts of the Deployment that the API server would refuse are refused']],
  },
];
