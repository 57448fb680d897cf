import * as fc from 'fast-check';
import { arbitraryObject } from '../schema/arbitrary-value.ts';
import type { JsonObject, SchemaNode } from '../schema/schema-node.ts';

/** What is written to an object and, where there is one, to its status. */
export interface Contents {
  readonly object: fc.Arbitrary<JsonObject>;
  readonly status?: fc.Arbitrary<JsonObject>;
}

export const word = fc.constantFrom('a', 'b', 'c');
export const words = fc.dictionary(word, word, { maxKeys: 2 });

/**
 * Labels, annotations, finalizers and owners, or nothing. `empty`: maps and lists may be so. A custom object keeps those
 * in etcd but not when it is read, and whether a write is one then hangs on where the API server has the object from.
 */
function arbitraryMetadata({ empty }: { readonly empty: boolean }): fc.Arbitrary<JsonObject> {
  const least = empty ? 0 : 1;
  const labels = fc.dictionary(word, word, { minKeys: least, maxKeys: 2 });
  const finalizer = fc.constantFrom('example.com/a', 'example.com/b', 'example.com/c');
  const uid = fc.constantFrom('11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222');
  const owner = fc.record({ apiVersion: fc.constant('v1'), kind: fc.constant('ConfigMap'), name: word, uid });
  const metadata = fc.record(
    {
      labels,
      annotations: labels,
      finalizers: fc.uniqueArray(finalizer, { minLength: least }),
      ownerReferences: fc.uniqueArray(owner, { minLength: least, selector: (one) => one.uid }),
    },
    { requiredKeys: [] },
  );
  return fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 3, arbitrary: metadata });
}

export function part(
  name: string,
  value: fc.Arbitrary<unknown>,
  metadata = arbitraryMetadata({ empty: true }),
): fc.Arbitrary<JsonObject> {
  return fc.tuple(metadata, value).map(([metadata, member]) => ({ metadata, [name]: member }));
}

/** Of a kind with `spec` and `status` in its schema. */
export function arbitraryCustom(root: SchemaNode): Contents {
  const { spec = {}, status = {} } = root.properties ?? {};
  return {
    object: part('spec', arbitraryObject(spec), arbitraryMetadata({ empty: false })),
    // Labels written there are owned but not stored, and what is left of them in etcd is null.
    status: part('status', arbitraryObject(status), fc.constant({})),
  };
}

const base64 = fc.constantFrom('YQ==', 'Yg==');

export const arbitraryConfigMap = {
  object: fc
    .tuple(
      arbitraryMetadata({ empty: true }),
      fc.record({ data: words, binaryData: fc.dictionary(fc.constantFrom('x', 'y'), base64) }, { requiredKeys: [] }),
    )
    .map(([metadata, rest]): JsonObject => ({ metadata, ...rest })),
};

export const arbitrarySecret = {
  object: fc
    .tuple(
      arbitraryMetadata({ empty: true }),
      fc.record(
        { data: fc.dictionary(word, base64), stringData: words, type: fc.constant('Opaque') },
        { requiredKeys: [] },
      ),
    )
    .map(([metadata, rest]): JsonObject => ({ metadata, ...rest })),
};

const servicePort = fc.record(
  {
    name: fc.constantFrom('http', 'dns'),
    port: fc.constantFrom(53, 80),
    protocol: fc.constantFrom('TCP', 'UDP'),
    targetPort: fc.constantFrom(8080, 'web'),
    appProtocol: fc.constantFrom('http', 'kubernetes.io/h2c'),
  },
  { requiredKeys: ['port', 'name'] },
);

export const arbitraryService = {
  object: part(
    'spec',
    fc.record(
      {
        type: fc.constant('ClusterIP'),
        ports: fc.uniqueArray(servicePort, {
          minLength: 1,
          maxLength: 2,
          selector: ({ port, protocol = 'TCP' }) => `${port}/${protocol}`,
        }),
        selector: words,
        sessionAffinity: fc.constantFrom('None', 'ClientIP'),
        publishNotReadyAddresses: fc.boolean(),
      },
      { requiredKeys: ['ports'] },
    ),
  ),
  status: part(
    'status',
    fc.record(
      {
        loadBalancer: fc.constant({}),
        conditions: fc.uniqueArray(condition(), { maxLength: 2, selector: ({ type }) => type }),
      },
      { requiredKeys: [] },
    ),
  ),
};

export function condition() {
  return fc.record({
    type: fc.constantFrom('Ready', 'Available'),
    status: fc.constantFrom('True', 'False'),
    reason: fc.constantFrom('Because', 'Why'),
    message: fc.constantFrom('', 'm'),
    lastTransitionTime: fc.constant('2024-01-01T00:00:00Z'),
  });
}
