import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  V1Affinity,
  V1Container,
  V1DeploymentStrategy,
  V1PodSecurityContext,
  V1SecurityContext,
  V1Toleration,
  V1TopologySpreadConstraint,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node';
import type { Resource, Wire } from '#runtime/client/resource.ts';
import { customResourceDefinitions } from './crds.ts';
import type { TenantControlPlane } from './kamaji/v1alpha1/tenant-control-plane.ts';
import { ownKinds } from './kinds.ts';

type Deployment = NonNullable<TenantControlPlane['spec']['controlPlane']['deployment']>;

/** Compiles as long as what users write in a TenantControlPlane fits into a Deployment without a cast. */
type Fits<T, U extends T> = U;
export type PassedThrough = [
  Fits<Wire<V1Affinity>, NonNullable<Deployment['affinity']>>,
  Fits<Wire<V1Container>[], NonNullable<Deployment['additionalContainers']>>,
  Fits<Wire<V1DeploymentStrategy>, NonNullable<Deployment['strategy']>>,
  Fits<Wire<V1PodSecurityContext>, NonNullable<Deployment['podSecurityContext']>>,
  Fits<Wire<V1Toleration>[], NonNullable<Deployment['tolerations']>>,
  Fits<Wire<V1TopologySpreadConstraint>[], NonNullable<Deployment['topologySpreadConstraints']>>,
  Fits<Wire<V1Volume>[], NonNullable<Deployment['additionalVolumes']>>,
  Fits<Wire<V1VolumeMount>[], NonNullable<NonNullable<Deployment['additionalVolumeMounts']>['apiServer']>>,
  Fits<Wire<V1SecurityContext>, NonNullable<NonNullable<Deployment['containerSecurityContexts']>['apiServer']>>,
];

test('every kind can be named to the client and has a CustomResourceDefinition', () => {
  const resources: readonly Resource[] = ownKinds;
  assert.deepEqual(
    customResourceDefinitions.map(({ metadata }) => metadata.name),
    resources.map(({ plural, group }) => `${plural}.${group}`),
  );
});

test('both Cluster API kinds carry the contract label', () => {
  const labels = customResourceDefinitions
    .filter(({ spec }) => spec.group === 'controlplane.cluster.x-k8s.io')
    .map(({ metadata }) => metadata.labels?.['cluster.x-k8s.io/v1beta2']);
  assert.deepEqual(labels, ['v1alpha2', 'v1alpha2']);
});

test('no definition asks for cert-manager or for conversion', () => {
  const text = JSON.stringify(customResourceDefinitions);
  assert.ok(!text.includes('cert-manager.io') && !text.includes('"conversion"'));
});
