import {
  clusterRoles,
  endpointSlices,
  events,
  ingresses,
  leases,
  mutatingWebhookConfigurations,
  networkPolicies,
  nodes,
  persistentVolumeClaims,
  podDisruptionBudgets,
  roleBindings,
  roles,
  serviceAccounts,
  storageClasses,
} from '#runtime/client/builtin.ts';
import type { Behaviour } from './behaviour.ts';
import { lease } from './objects.ts';

const budget = { metadata: { name: 'a' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } } } };
const note = (name: string, rest: object = {}): object => ({
  metadata: { name },
  eventTime: '2026-01-01T00:00:00.000000Z',
  reportingController: 'kamaji',
  reportingInstance: 'kamaji-0',
  action: 'Reconcile',
  reason: 'Ready',
  type: 'Normal',
  note: 'all is well',
  ...rest,
});

export const otherKinds: readonly Behaviour[] = [
  {
    title: 'a Lease is taken, renewed and given back',
    run: async (on) => {
      const times = { acquireTime: '2026-01-01T00:00:00.000000Z', renewTime: '2026-01-01T00:00:00.000000Z' };
      const { metadata } = await on.create(leases, lease('a', { ...times, leaseTransitions: 0 }));
      await on.replace(leases, { ...lease('a', { ...times, renewTime: '2026-01-01T00:00:02.000000Z' }), metadata });
      await on.replace(leases, { ...lease('a', times), metadata });
      await on.merge(leases, 'a', { spec: { holderIdentity: '' } });
    },
  },
  {
    title: 'an Event is created once and then patched',
    run: async (on) => {
      const regarding = { apiVersion: 'v1', kind: 'Pod', name: 'a', namespace: on.namespace };
      await on.create(events, note('a', { regarding }));
      const series = { count: 2, lastObservedTime: '2026-01-01T00:00:05.000000Z' };
      await on.merge(events, 'a', { series });
    },
  },
  {
    title: 'a role of a binding is not changed',
    run: async (on) => {
      await on.create(roles, {
        metadata: { name: 'a:b' },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
      });
      const binding = (role: string): object => ({
        metadata: { name: 'a:b' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
        subjects: [{ kind: 'ServiceAccount', name: 'x', namespace: 'y' }],
      });
      await on.create(roleBindings, binding('a'));
      await on.merge(roleBindings, 'a:b', binding('b'));
      await on.delete(roleBindings, 'a:b');
    },
  },
  {
    title: 'a budget counts no pods at first, and its spec has a generation',
    run: async (on) => {
      await on.create(podDisruptionBudgets, budget);
      await on.merge(podDisruptionBudgets, 'a', { spec: { minAvailable: 2 } });
      await on.merge(podDisruptionBudgets, 'a', { status: { currentHealthy: 1 } }, { subresource: 'status' });
      await on.replace(podDisruptionBudgets, budget);
    },
  },
  {
    title: 'policies and Ingresses have a generation',
    run: async (on) => {
      await on.create(networkPolicies, { metadata: { name: 'a' }, spec: { podSelector: {} } });
      await on.merge(networkPolicies, 'a', { spec: { policyTypes: ['Ingress', 'Egress'] } });
      const backend = { service: { name: 'a', port: { number: 1 } } };
      await on.create(ingresses, { metadata: { name: 'a' }, spec: { defaultBackend: backend } });
      await on.merge(ingresses, 'a', { spec: { ingressClassName: 'x' } });
    },
  },
  {
    title: 'EndpointSlices have a generation',
    run: async (on) => {
      const slice = {
        metadata: { name: 'a' },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['192.0.2.1'] }],
        ports: [{ port: 1 }],
      };
      await on.create(endpointSlices, slice);
      await on.merge(endpointSlices, 'a', { endpoints: [{ addresses: ['192.0.2.2'] }] });
      await on.merge(endpointSlices, 'a', { metadata: { labels: { a: 'b' } } });
    },
  },
  {
    title: 'a ServiceAccount is answered with when it is deleted',
    run: async (on) => {
      await on.create(serviceAccounts, { metadata: { name: 'a' } });
      await on.delete(serviceAccounts, 'a');
    },
  },
  {
    title: 'a claim is pending, and deleted when nobody uses it',
    run: async (on) => {
      const spec = {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: 'x',
      };
      await on.create(persistentVolumeClaims, { metadata: { name: 'a' }, spec });
      await on.merge(persistentVolumeClaims, 'a', { metadata: { finalizers: null } });
      await on.delete(persistentVolumeClaims, 'a');
    },
  },
  {
    title: 'a storage class is as it was made',
    run: async (on) => {
      await on.create(storageClasses, { metadata: { name: on.namespace }, provisioner: 'example.com/x' });
      await on.delete(storageClasses, on.namespace);
    },
  },
  {
    title: 'a ClusterRole is named freely',
    run: async (on) => {
      const rules = [{ nonResourceURLs: ['/x'], verbs: ['get'] }];
      await on.create(clusterRoles, { metadata: { name: `${on.namespace}:A_b` }, rules });
      await on.create(clusterRoles, { metadata: { name: `${on.namespace}%b` }, rules });
      await on.delete(clusterRoles, `${on.namespace}:A_b`);
    },
  },
  {
    title: 'webhooks have a generation, and are found without a client certificate',
    run: async (on) => {
      const name = on.namespace;
      const webhook = {
        name: 'a.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        clientConfig: { url: 'https://example.com/hook' },
        namespaceSelector: { matchLabels: { never: 'there' } },
        rules: [{ apiGroups: ['x.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothings'] }],
      };
      await on.create(mutatingWebhookConfigurations, { metadata: { name }, webhooks: [webhook] });
      await on.merge(mutatingWebhookConfigurations, name, { webhooks: [{ ...webhook, timeoutSeconds: 5 }] });
      await on.delete(mutatingWebhookConfigurations, name);
    },
  },
  {
    title: 'a node brings its own status along',
    run: async (on) => {
      const status = { conditions: [{ type: 'Ready', status: 'True' }] };
      await on.create(nodes, { metadata: { name: on.namespace }, status });
      await on.merge(nodes, on.namespace, { spec: { unschedulable: true }, status: { phase: 'Running' } });
      await on.merge(nodes, on.namespace, { status: { conditions: null } }, { subresource: 'status' });
      await on.delete(nodes, on.namespace);
    },
  },
];
