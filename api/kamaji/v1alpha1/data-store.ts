import { conditions, observedGeneration } from '../../core/condition.ts';
import { resourceRequirements, storageQuantity } from '../../core/pod.ts';
import { dataStores } from '../../kinds.ts';
import type { ObjectMeta } from '../../meta.ts';
import { customResourceDefinition } from '../../schema/crd.ts';
import { immutable, rule } from '../../schema/rule.ts';
import type { Infer } from '../../schema/schema.ts';
import { boolean, describe, enumeration, integer, list, object, optional, string } from '../../schema/schema.ts';

/** A database that tenants share. */
export type DataStore = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: DataStoreSpec;
  status?: DataStoreStatus;
};

export type DataStoreSpec = Infer<typeof spec>;
export type DataStoreStatus = Infer<typeof status>;

/** A value given in place or by a Secret. */
export type ContentReference = Infer<typeof contentReference>;

const contentReference = object(
  'A value, in place or from a Secret.',
  {
    content: optional(string('The value itself, in base64; wins over the reference.', { format: 'byte' })),
    secretReference: optional(
      object(
        'A key of a Secret.',
        {
          name: optional(string('Name of the Secret.')),
          namespace: optional(string('Namespace of the Secret.')),
          keyPath: string('Key within the Secret.', { minLength: 1 }),
        },
        {
          rules: [
            rule(
              // Older API servers know the property by this escape only, since the word is reserved in CEL.
              "has(self.name) && self.name != '' && has(self.__namespace__) && self.__namespace__ != ''",
              'secretReference lacks name or namespace: set both',
            ),
          ],
        },
      ),
    ),
  },
  {
    rules: [
      rule(
        'has(self.content) || has(self.secretReference)',
        'neither content nor secretReference is set: set one of them',
      ),
    ],
  },
);

const tlsConfig = object('TLS towards the datastore.', {
  certificateAuthority: object("Authority that signed the datastore's certificates.", {
    certificate: describe('Certificate of the authority.', contentReference),
    privateKey: optional(
      describe('Key of the authority; with etcd it signs a client certificate for each tenant.', contentReference),
    ),
  }),
  clientCertificate: optional(
    object('Client certificate of the system.', {
      certificate: describe('The certificate.', contentReference),
      privateKey: describe('Its key.', contentReference),
    }),
  ),
});

const managed = object(
  'An etcd cluster that this system runs itself. Endpoints and TLS are then its own business.',
  {
    replicas: optional(
      integer('Number of members.', {
        default: 1,
        rules: [
          rule('self in [1, 3, 5]', 'managed.replicas is no odd number up to 5, which etcd needs: write 1, 3 or 5'),
        ],
      }),
    ),
    storage: optional(
      object('Volume of each member.', {
        size: optional(storageQuantity),
        storageClassName: optional(string("StorageClass; absent means the cluster's default.", { minLength: 1 })),
      }),
    ),
    ephemeral: optional(boolean('Keep the data in the pods: all is lost with them. For trials only.')),
    resources: optional(describe('Compute resources of each member.', resourceRequirements)),
    image: optional(string('Image of etcd with its tag; absent means the release that this version was tested with.')),
  },
  {
    rules: [
      rule(
        '!(has(self.ephemeral) && self.ephemeral && has(self.storage))',
        'managed.ephemeral is true, so managed.storage has no meaning: remove one of them',
      ),
    ],
  },
);

const endpoint = string('Address.', {
  maxLength: 260,
  rules: [
    rule(
      String.raw`self.matches('^(\\[[0-9A-Fa-f:.]+\\]|[^\\s/:@\\[\\]]+):[0-9]{1,5}$') && ` +
        "int(self.substring(self.lastIndexOf(':') + 1)) <= 65535",
      'endpoints has {self}: write host:port without scheme, an IPv6 address in brackets',
    ),
  ],
});

const spec = object(
  'How the database is reached, or that this system runs it.',
  {
    driver: enumeration('Kind of database.', ['etcd', 'MySQL', 'PostgreSQL', 'NATS'], { rules: [immutable('driver')] }),
    endpoints: optional(list('Addresses as host:port, without scheme.', endpoint, { minItems: 1, maxItems: 64 })),
    basicAuth: optional(
      object('User of the system in the database.', {
        username: describe('User name.', contentReference),
        password: describe('Password.', contentReference),
      }),
    ),
    tlsConfig: optional(tlsConfig),
    managed: optional(managed),
  },
  {
    rules: [
      rule(
        'has(self.managed) || has(self.endpoints)',
        "endpoints is missing: list the database's addresses as host:port, or set managed to have an etcd cluster made",
      ),
      rule(
        "!has(self.managed) || self.driver == 'etcd'",
        'managed stands for an etcd cluster, and driver is {self.driver}: remove managed or use driver etcd',
      ),
      rule(
        'has(self.managed) == has(oldSelf.managed)',
        'managed cannot be added or removed: create another DataStore and move tenants to it',
      ),
      rule(
        "self.driver != 'etcd' || has(self.managed) || " +
          '(has(self.tlsConfig) && has(self.tlsConfig.certificateAuthority.privateKey) && has(self.tlsConfig.clientCertificate))',
        'tlsConfig.certificateAuthority.privateKey and tlsConfig.clientCertificate are needed by driver etcd: ' +
          'tenants authenticate by certificates that are signed with that key',
      ),
      rule(
        "self.driver == 'etcd' || has(self.tlsConfig) || has(self.basicAuth)",
        'tlsConfig and basicAuth are both missing, and driver {self.driver} needs one of them to authenticate: set one',
      ),
    ],
  },
);

const status = object('What is known of the database.', {
  observedGeneration: optional(observedGeneration),
  ready: optional(boolean('Whether it answers and lets this system in.')),
  usedBy: optional(list('Tenants that use it, as namespace/name.', string('Tenant.'))),
  identity: optional(string('Identity of the store itself, such as the id of an etcd cluster.')),
  usage: optional(
    object('What its tenants take, measured every few minutes; written only when it changed noticeably.', {
      keys: integer('Keys of Kubernetes, of all tenants together.', { format: 'int64' }),
      bytes: integer('Bytes that they take, without their past where the store tells them apart.', { format: 'int64' }),
      largest: optional(
        list(
          'The tenants that take most, largest first; metrics have all of them.',
          object('One tenant.', {
            tenantControlPlane: string('Tenant, as namespace/name.'),
            keys: integer('Keys of Kubernetes.', { format: 'int64' }),
            bytes: integer('Bytes.', { format: 'int64' }),
          }),
          { maxItems: 20 },
        ),
      ),
    }),
  ),
  conditions: optional(conditions),
});

/** The CustomResourceDefinition of DataStore. */
export const dataStoreCrd = customResourceDefinition({
  coordinates: dataStores,
  description: 'A database that holds the state of tenants.',
  categories: ['kamaji'],
  labels: { 'cluster.x-k8s.io/provider': 'control-plane-kamaji' },
  columns: [
    { name: 'Driver', type: 'string', jsonPath: '.spec.driver' },
    { name: 'Ready', type: 'boolean', jsonPath: '.status.ready' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
  ],
  spec,
  status,
});
