import { DEFAULT_STRATEGY } from '#api/kamaji/v1alpha1/defaults.ts';

/** One condition of a webhook (Kubernetes: admissionregistration.k8s.io/v1 MatchCondition). */
export interface MatchCondition {
  readonly name: string;
  /** CEL over `object` and `oldObject`. */
  readonly expression: string;
}

const deploymentOf = (root: string): string => `${root}.spec.controlPlane.?deployment.orValue({})`;
const serviceOf = (root: string): string => `${root}.spec.controlPlane.service`;
const profileOf = (root: string): string => `${root}.spec.?networkProfile.orValue({})`;
const konnectivityOf = (root: string): string => `${root}.spec.?addons.?konnectivity.?server.orValue({})`;

const [now, before] = ['object', 'oldObject'];
const differs = (part: (root: string) => string): string => `${part(now)} != ${part(before)}`;

/** What a new Deployment has without anybody's asking, and what cannot make it invalid. */
const PLAIN = ['replicas', 'registrySettings', 'serviceAccountName', 'strategy'];

/** A new object with names of its user's choice, or with parts of the Service or the Deployment as the user wrote them. */
export const judgedAtCreation: readonly MatchCondition[] = [
  {
    name: 'names-or-objects-of-the-users-choice',
    expression: anyOf([
      'has(object.spec.dataStoreSchema)',
      'has(object.spec.dataStoreUsername)',
      'has(object.spec.dataStoreOverrides)',
      `${deploymentOf(now)}.exists(key, !(key in ${list(PLAIN)}))`,
      ...Object.entries(DEFAULT_STRATEGY.rollingUpdate).map(([field, value]) => {
        const usual = JSON.stringify(value);
        return `${deploymentOf(now)}.?strategy.?rollingUpdate.?${field}.orValue(${usual}) != ${usual}`;
      }),
      `${serviceOf(now)}.exists(key, key in ${list(['additionalPorts', 'additionalMetadata'])})`,
      `${serviceOf(now)}.serviceType == 'NodePort'`,
      `${konnectivityOf(now)}.exists(key, key in ${list(['resources', 'securityContext'])})`,
    ]),
  },
];

/** A new object that says which DataStore it wants. */
export const namesItsStore: readonly MatchCondition[] = [
  { name: 'names-its-store', expression: 'has(object.spec.dataStore)' },
];

/** A change of the same. Names that the system chooses are made of the object's own UID, which nobody else has. */
export const judgedWhenChanged: readonly MatchCondition[] = [
  { name: 'stays', expression: '!has(object.metadata.deletionTimestamp)' },
  {
    name: 'other-names-or-objects-of-the-users-choice',
    expression: anyOf([
      'object.spec.?dataStoreSchema != oldObject.spec.?dataStoreSchema && ' +
        'object.spec.?dataStoreSchema.orValue("") != object.metadata.uid',
      'object.spec.?dataStoreUsername != oldObject.spec.?dataStoreUsername && ' +
        'object.spec.?dataStoreUsername.orValue("") != object.metadata.uid.replace("-", "")',
      'object.spec.?dataStoreOverrides != oldObject.spec.?dataStoreOverrides',
      'has(oldObject.spec.dataStore) && object.spec.?dataStore != oldObject.spec.?dataStore',
      `${deploymentOf(now)}.exists(key, key != 'replicas' && ${deploymentOf(now)}[?key] != ${deploymentOf(before)}[?key])`,
      `${deploymentOf(before)}.exists(key, key != 'replicas' && !(key in ${deploymentOf(now)}))`,
      differs(serviceOf),
      `${serviceOf(now)}.serviceType == 'NodePort' && ${differs(profileOf)}`,
      differs(konnectivityOf),
    ]),
  },
];

function list(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(', ')}]`;
}

function anyOf(expressions: readonly string[]): string {
  return expressions.map((expression) => `(${expression})`).join(' || ');
}
