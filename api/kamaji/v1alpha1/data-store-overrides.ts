import { list, object, optional, string } from '../../schema/schema.ts';

/** Per-resource storage, as a KamajiControlPlane has it too. */
export const dataStoreOverrides = list(
  'Resources that are stored elsewhere (kube-apiserver: --etcd-servers-overrides).',
  object('One resource.', {
    resource: optional(string('Group and resource, such as /events.')),
    dataStore: optional(string('Name of the DataStore that holds it.')),
  }),
);
