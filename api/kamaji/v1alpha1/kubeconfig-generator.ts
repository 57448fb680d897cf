import { observedGeneration, conditions } from '../../core/condition.ts';
import { labelSelector } from '../../core/pod.ts';
import { kubeconfigGenerators } from '../../kinds.ts';
import type { ObjectMeta } from '../../meta.ts';
import { customResourceDefinition } from '../../schema/crd.ts';
import { atCreation, rule } from '../../schema/rule.ts';
import type { Infer } from '../../schema/schema.ts';
import { describe, integer, list, object, optional, string } from '../../schema/schema.ts';

/** Makes kubeconfigs for a user of all matching tenants. */
export type KubeconfigGenerator = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: KubeconfigGeneratorSpec;
  status?: KubeconfigGeneratorStatus;
};

export type KubeconfigGeneratorSpec = Infer<typeof spec>;
export type KubeconfigGeneratorStatus = Infer<typeof status>;

const compoundValue = object(
  'A text, or the place in the TenantControlPlane that it is read from.',
  {
    stringValue: optional(string('The text itself.')),
    fromDefinition: optional(
      string(
        'Dotted path of a string in the TenantControlPlane, such as metadata.name. What it yields may not begin with ' +
          'system: or kubeadm:, since whoever writes to the tenant would decide about rights in it.',
      ),
    ),
  },
  {
    rules: [
      rule(
        'has(self.stringValue) != has(self.fromDefinition)',
        'exactly one of stringValue and fromDefinition is needed: set one and remove the other',
      ),
    ],
  },
);

const spec = object('Which tenants, and which user.', {
  namespaceSelector: optional(describe('Namespaces of the tenants; empty selects all.', labelSelector)),
  tenantControlPlaneSelector: optional(describe('Tenants; empty selects all.', labelSelector)),
  user: describe('User name in the client certificate: its common name.', compoundValue),
  groups: optional(
    list(
      'Groups in the client certificate: its organizations. A member of system:masters may do everything, and no role ' +
        'inside the tenant can take that away.',
      compoundValue,
    ),
  ),
  controlPlaneEndpointFrom: optional(
    string('Key of the admin-kubeconfig Secret that server and authority are taken from.', { default: 'admin.svc' }),
  ),
});

const status = object('What was made.', {
  observedGeneration: optional(observedGeneration),
  resources: optional(integer('Matching tenants.')),
  availableResources: optional(integer('Matching tenants whose kubeconfig is there and up to date.')),
  errors: optional(
    list(
      'Tenants for which none could be made.',
      object('One failure.', {
        resource: optional(string('Tenant, as namespace/name.')),
        message: optional(string('What is so, and what to do about it.')),
      }),
    ),
  ),
  conditions: optional(conditions),
});

/** The CustomResourceDefinition of KubeconfigGenerator. */
export const kubeconfigGeneratorCrd = customResourceDefinition({
  coordinates: kubeconfigGenerators,
  description: 'Makes a kubeconfig of one user for every matching tenant.',
  shortNames: ['kc'],
  categories: ['kamaji'],
  labels: { 'cluster.x-k8s.io/provider': 'control-plane-kamaji' },
  columns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Tenants', type: 'integer', jsonPath: '.status.resources' },
    { name: 'Available', type: 'integer', jsonPath: '.status.availableResources' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  spec,
  status,
  rules: [
    atCreation(
      'size(self.metadata.name) <= 63',
      'metadata.name {self.metadata.name} cannot be the value of a label on the Secrets: use at most 63 characters',
    ),
  ],
});
