import { rule } from '../../schema/rule.ts';
import { list, object, optional, string } from '../../schema/schema.ts';

/** Per-resource storage, as a KamajiControlPlane has it too. */
export const dataStoreOverrides = list(
  'Resources that are stored elsewhere (kube-apiserver: --etcd-servers-overrides).',
  object(
    'One resource.',
    {
      resource: optional(string('Group and resource, such as /events.', { maxLength: 253 })),
      dataStore: optional(string('Name of the DataStore that holds it.', { maxLength: 253 })),
    },
    {
      rules: [
        rule(
          "has(self.resource) && self.resource.matches('^[a-z0-9.-]*/[a-z0-9.-]+$') && has(self.dataStore) && self.dataStore != ''",
          'dataStoreOverrides needs resource as group/resource, such as /events or apps/deployments, and dataStore: set both',
        ),
      ],
    },
  ),
  {
    maxItems: 32,
    rules: [
      rule(
        'self.all(a, !has(a.resource) || self.exists_one(b, has(b.resource) && b.resource == a.resource))',
        'dataStoreOverrides names a resource twice: name each once',
      ),
    ],
  },
);
