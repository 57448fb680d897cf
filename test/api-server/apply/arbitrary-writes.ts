import * as fc from 'fast-check';
import { arbitraryObject } from '../schema/arbitrary-value.ts';
import type { JsonObject, SchemaNode } from '../schema/schema-node.ts';
import { isObject } from '../schema/schema-node.ts';

/** One write to one object; `content` is what it says besides names and versions. */
export type Write =
  | {
      readonly verb: 'apply';
      readonly manager: string;
      readonly force: boolean;
      readonly isStatus: boolean;
      readonly content: JsonObject;
    }
  | { readonly verb: 'replace'; readonly isStatus: boolean; readonly content: JsonObject }
  | { readonly verb: 'merge patch'; readonly manager: string; readonly isStatus: boolean; readonly content: JsonObject }
  /**
   * A replacement that lets the entries of managedFields be from the past, each a second after the one before. It counts
   * itself in an annotation, since the API server takes back new times when nothing else is new.
   */
  | { readonly verb: 'backdate' }
  /** A replacement that asks to forget who owns what. */
  | { readonly verb: 'forget owners' };

/** Sequences of writes by a few managers. `contents`: what is written to the object and, where there is one, its status. */
export function arbitraryWrites(contents: {
  readonly object: fc.Arbitrary<JsonObject>;
  readonly status?: fc.Arbitrary<JsonObject>;
}): fc.Arbitrary<readonly Write[]> {
  const isStatus = contents.status === undefined ? fc.constant(false) : fc.constantFrom(false, false, true);
  const write = isStatus.chain((status) => {
    const content = (status ? contents.status : undefined) ?? contents.object;
    const common = { isStatus: fc.constant(status), content };
    const apply: fc.Arbitrary<Write> = fc.record({
      verb: fc.constant('apply'),
      manager,
      force: fc.boolean(),
      ...common,
    });
    const replace: fc.Arbitrary<Write> = fc.record({ verb: fc.constant('replace'), ...common });
    const patch: fc.Arbitrary<Write> = fc.record({
      verb: fc.constant('merge patch'),
      manager,
      ...common,
      content: arbitraryPatch(content),
    });
    const backdate = fc.constant<Write>({ verb: 'backdate' });
    return fc.oneof(
      { weight: 6, arbitrary: apply },
      { weight: 2, arbitrary: replace },
      { weight: 2, arbitrary: patch },
      { weight: 2, arbitrary: backdate },
      { weight: 1, arbitrary: fc.constant<Write>({ verb: 'forget owners' }) },
    );
  });
  // The same words twice tell what a repetition does.
  const twice = fc.tuple(write, fc.boolean()).map(([one, again]) => (again ? [one, one] : [one]));
  return fc.array(twice, { minLength: 2, maxLength: 7 }).map((list) => list.flat());
}

const manager = fc.constantFrom('one', 'two', 'three');

/** A merge patch: content that says null in the place of some members. */
export function arbitraryPatch(content: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> {
  return fc.tuple(content, fc.array(fc.nat(9), { minLength: 20, maxLength: 20 })).map(([value, dice]) => {
    let count = 0;
    const strike = (member: unknown, depth: number): unknown => {
      if (depth > 1 && dice[count++ % dice.length] === 0) return null;
      if (Array.isArray(member)) return member.map(withoutNulls);
      if (!isObject(member)) return member;
      return Object.fromEntries(Object.entries(member).map(([name, one]) => [name, strike(one, depth + 1)]));
    };
    return strike(value, 0) as JsonObject;
  });
}

/** Nulls of objects in lists are taken out by kube-apiserver, which RFC 7386 does not say. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
}

const word = fc.constantFrom('a', 'b', 'c');
const words = fc.dictionary(word, word, { maxKeys: 2 });

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

function part(
  name: string,
  value: fc.Arbitrary<unknown>,
  metadata = arbitraryMetadata({ empty: true }),
): fc.Arbitrary<JsonObject> {
  return fc.tuple(metadata, value).map(([metadata, member]) => ({ metadata, [name]: member }));
}

/** Of a kind with `spec` and `status` in its schema. */
export function arbitraryCustom(root: SchemaNode): Parameters<typeof arbitraryWrites>[0] {
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

function condition() {
  return fc.record({
    type: fc.constantFrom('Ready', 'Available'),
    status: fc.constantFrom('True', 'False'),
    reason: fc.constantFrom('Because', 'Why'),
    message: fc.constantFrom('', 'm'),
    lastTransitionTime: fc.constant('2024-01-01T00:00:00Z'),
  });
}

const probe = fc.record(
  {
    httpGet: fc.record(
      { port: fc.constantFrom(80, 'web'), path: fc.constantFrom('/', '/livez') },
      { requiredKeys: ['port'] },
    ),
    periodSeconds: fc.constantFrom(0, 5),
    initialDelaySeconds: fc.constantFrom(0, 1),
  },
  { requiredKeys: ['httpGet'] },
);

const container = fc.record(
  {
    name: fc.constantFrom('main', 'side'),
    image: fc.constantFrom('registry.k8s.io/pause:3.10', 'busybox', 'host:5000/x/y:latest'),
    args: fc.array(word, { maxLength: 2 }),
    env: fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B'), value: fc.constantFrom('', 'x') }), {
      selector: ({ name }) => name,
    }),
    ports: fc.uniqueArray(
      fc.record(
        {
          containerPort: fc.constantFrom(53, 80),
          protocol: fc.constantFrom('TCP', 'UDP'),
          name: fc.constantFrom('p', 'q'),
        },
        { requiredKeys: ['containerPort'] },
      ),
      { maxLength: 2, selector: ({ containerPort, protocol = 'TCP' }) => `${containerPort}/${protocol}` },
    ),
    resources: fc.record(
      {
        limits: fc.record({ cpu: fc.constantFrom('1', '1000m', '0.5') }),
        requests: fc.record({ memory: fc.constantFrom('1Gi', '1024Mi') }),
      },
      { requiredKeys: [] },
    ),
    volumeMounts: fc.constantFrom([], [{ name: 'data', mountPath: '/data' }]),
    livenessProbe: probe,
    imagePullPolicy: fc.constantFrom('Always', 'IfNotPresent'),
    securityContext: fc.record({ privileged: fc.boolean() }),
    tty: fc.boolean(),
  },
  { requiredKeys: ['name', 'image'] },
);

const volume = fc.constantFrom(
  { name: 'data' },
  { name: 'data', emptyDir: {} },
  { name: 'data', secret: { secretName: 's' } },
  { name: 'data', configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } },
  { name: 'data', hostPath: { path: '/x' } },
);

const podSpec = fc.record(
  {
    containers: fc.uniqueArray(container, { minLength: 1, maxLength: 2, selector: ({ name }) => name }),
    volumes: volume.map((one) => [one]),
    hostNetwork: fc.boolean(),
    nodeSelector: words,
    tolerations: fc.array(fc.record({ key: word, operator: fc.constant('Exists') }), { maxLength: 2 }),
    imagePullSecrets: fc.uniqueArray(fc.record({ name: word }), { selector: ({ name }) => name }),
    terminationGracePeriodSeconds: fc.constantFrom(0, 5),
    automountServiceAccountToken: fc.boolean(),
    priorityClassName: fc.constantFrom('', 'system-node-critical'),
    affinity: fc.constantFrom({}, { podAntiAffinity: {} }),
    topologySpreadConstraints: fc.constantFrom(
      [],
      [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'x' } },
        },
      ],
    ),
  },
  { requiredKeys: ['containers', 'volumes'] },
);

export const arbitraryDeployment = {
  object: part(
    'spec',
    fc.record(
      {
        selector: fc.constant({ matchLabels: { app: 'x' } }),
        template: fc.record({
          metadata: fc.record({ labels: words.map((labels) => ({ ...labels, app: 'x' })) }),
          spec: podSpec,
        }),
        replicas: fc.constantFrom(0, 1, 2),
        paused: fc.boolean(),
        minReadySeconds: fc.constantFrom(0, 5),
        strategy: fc.constantFrom(
          { type: 'Recreate' },
          { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
          { rollingUpdate: { maxSurge: '10%' } },
        ),
      },
      { requiredKeys: ['selector', 'template'] },
    ),
  ),
  status: part(
    'status',
    fc.record(
      {
        replicas: fc.constantFrom(0, 1),
        observedGeneration: fc.constantFrom(0, 1),
        conditions: fc.uniqueArray(
          condition().map((one) => ({ ...one, lastUpdateTime: one.lastTransitionTime })),
          { maxLength: 2, selector: ({ type }) => type },
        ),
      },
      { requiredKeys: [] },
    ),
  ),
};
