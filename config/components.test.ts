import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyRule } from '#api/core/policy-rule.ts';
import { type Manifest, components } from './components.ts';
import { NAMESPACE } from './identity.ts';
import { namespacedComponents } from './namespaced-components.ts';
import { managerRules, namespacedRules } from './rbac.ts';

const { all } = components(await managerRules());
const ofKind = (...kinds: readonly string[]) => all.filter(({ kind }) => kinds.includes(String(kind)));
const nameOf = ({ metadata }: Manifest) => (metadata as { name: string }).name;

test('there is exactly one Namespace, and it comes first', () => {
  assert.deepEqual(ofKind('Namespace').map(nameOf), [NAMESPACE]);
  assert.equal(all[0]?.['kind'], 'Namespace');
});

test('every object carries the label by which clusterctl finds it', () => {
  for (const manifest of all) {
    const { labels } = manifest['metadata'] as { labels?: Readonly<Record<string, string>> };
    assert.equal(labels?.['cluster.x-k8s.io/provider'], 'control-plane-kamaji', nameOf(manifest));
  }
});

test('cluster-scoped objects but CRDs are named after the namespace, so that clusterctl delete removes them', () => {
  for (const name of ofKind('ClusterRole', 'ClusterRoleBinding', 'ValidatingWebhookConfiguration').map(nameOf)) {
    assert.ok(name.startsWith(`${NAMESPACE}-`), name);
  }
});

test('the kubeadm bootstrap provider is bound as a User, which clusterctl does not move', () => {
  const subjects = ofKind('ClusterRoleBinding').flatMap(({ subjects }) => subjects as { kind: string; name: string }[]);
  const users = subjects.filter(({ kind }) => kind === 'User');
  assert.equal(users.length, 1);
  assert.match(
    users[0]?.name ?? '',
    /^system:serviceaccount:.*capi-kubeadm-bootstrap-system.*capi-kubeadm-bootstrap-manager/,
  );
});

test('no role has a wildcard', () => {
  for (const role of ofKind('ClusterRole', 'Role')) {
    const rules = role['rules'] as { apiGroups: string[]; resources: string[]; verbs: string[] }[];
    for (const rule of rules) {
      assert.ok(![...rule.apiGroups, ...rule.resources, ...rule.verbs].includes('*'), nameOf(role));
    }
  }
});

test('rules for the same resource are one, with every verb once', () => {
  for (const role of ofKind('ClusterRole', 'Role')) {
    const rules = role['rules'] as {
      apiGroups: string[];
      resources: string[];
      verbs: string[];
      resourceNames?: string[];
    }[];
    const keys = rules.map(({ apiGroups, resources, resourceNames }) =>
      JSON.stringify([apiGroups, resources, resourceNames]),
    );
    assert.equal(new Set(keys).size, keys.length, nameOf(role));
    for (const { verbs } of rules) assert.equal(new Set(verbs).size, verbs.length);
  }
});

test('a Role grants nothing that a ClusterRole of the same account grants everywhere', async () => {
  const { cluster, namespace } = await managerRules();
  const rightsOf = (rules: readonly PolicyRule[]) =>
    rules.flatMap(({ resources, verbs, ...rule }) => verbs.map((verb) => JSON.stringify([rule, resources, verb])));
  const everywhere = new Set(rightsOf(cluster));
  assert.deepEqual(
    rightsOf(namespace).filter((right) => everywhere.has(right)),
    [],
  );
});

test('the manager can be scaled: its replicas elect a leader, keep apart, and go one at a time', () => {
  const [deployment] = ofKind('Deployment');
  const [budget] = ofKind('PodDisruptionBudget');
  assert.ok(deployment && budget);
  const { selector, template } = deployment['spec'] as {
    selector: object;
    template: { spec: { affinity: { podAntiAffinity: object }; containers: { args: string[] }[] } };
  };
  assert.ok(template.spec.containers[0]?.args.includes('--leader-elect'));
  assert.deepEqual(template.spec.affinity.podAntiAffinity, {
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight: 100, podAffinityTerm: { labelSelector: selector, topologyKey: 'kubernetes.io/hostname' } },
    ],
  });
  assert.deepEqual(budget['spec'], { maxUnavailable: 1, selector, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
});

test('the manager runs as clusterctl and the restricted pod security standard want it', () => {
  const [deployment] = ofKind('Deployment');
  assert.ok(deployment);
  const { template } = deployment['spec'] as {
    template: {
      spec: {
        securityContext: object;
        containers: { name: string; image: string; imagePullPolicy: string; securityContext: object }[];
      };
    };
  };
  const [container] = template.spec.containers;
  assert.equal(container?.name, 'manager');
  assert.equal(container.imagePullPolicy, 'IfNotPresent');
  assert.deepEqual(template.spec.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
  });
});

test('an instance for one namespace has Roles, and reads what is in no namespace', () => {
  const manifests = namespacedComponents(namespacedRules());
  const clusterWide = manifests.filter(({ kind }) => kind === 'ClusterRole');
  assert.deepEqual(
    clusterWide.flatMap(({ rules }) => (rules as PolicyRule[]).map(({ resources, verbs }) => [resources, verbs])),
    [
      [['customresourcedefinitions'], ['get']],
      [['datastores'], ['list', 'watch']],
    ],
  );
  for (const name of clusterWide.map(nameOf)) assert.ok(name.startsWith('${KAMAJI_INSTANCE_NAMESPACE}-'), name);
  const verbs = manifests.flatMap(({ rules = [] }) => (rules as PolicyRule[]).flatMap((rule) => rule.verbs));
  assert.ok(!(verbs as readonly string[]).includes('*'));
});
