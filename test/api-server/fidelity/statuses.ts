import { deployments, pods, services, statefulSets } from '#runtime/client/builtin.ts';
import { tenantControlPlanes } from '#api/kinds.ts';
import type { Behaviour } from './behaviour.ts';
import { deployment, pod, service, statefulSet, tenantControlPlane } from './objects.ts';
import { untyped } from './untyped.ts';

const tenants = untyped(tenantControlPlanes);

export const statuses: readonly Behaviour[] = [
  {
    title: 'a status is not created',
    run: async (on) => {
      await on.create(deployments, { ...deployment('a'), status: { replicas: 7 } });
      await on.create(tenants, { ...tenantControlPlane('a'), status: { controlPlaneEndpoint: 'a:1' } });
    },
  },
  {
    title: 'an update of the object leaves its status alone',
    run: async (on) => {
      await on.create(deployments, deployment('a'));
      await on.merge(deployments, 'a', { spec: { replicas: 5 }, status: { replicas: 7 } });
      await on.create(tenants, tenantControlPlane('a'));
      await on.merge(tenants, 'a', { status: { controlPlaneEndpoint: 'a:1' } });
    },
  },
  {
    title: 'an update of the status leaves everything else alone',
    run: async (on) => {
      const patch = {
        metadata: { labels: { a: 'b' }, annotations: { c: 'd' }, finalizers: ['a.io/a'] },
        spec: { replicas: 5 },
        status: { replicas: 7 },
      };
      await on.create(deployments, deployment('a'));
      await on.merge(deployments, 'a', patch, { subresource: 'status' });
      await on.create(statefulSets, statefulSet('a'));
      await on.merge(statefulSets, 'a', patch, { subresource: 'status' });
      await on.create(tenants, tenantControlPlane('a'));
      await on.merge(tenants, 'a', { ...patch, status: { controlPlaneEndpoint: 'a:1' } }, { subresource: 'status' });
    },
  },
  {
    title: 'the status of a pod and of a Service is written by its subresource',
    run: async (on) => {
      await on.create(pods, pod('a'));
      const conditions = [{ type: 'Ready', status: 'True' }];
      await on.merge(
        pods,
        'a',
        { metadata: { labels: { a: 'b' } }, status: { phase: 'Running', conditions } },
        { subresource: 'status' },
      );
      await on.create(services, service('a', { type: 'LoadBalancer' }));
      const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
      await on.merge(services, 'a', { status }, { subresource: 'status' });
    },
  },
  {
    title: 'a status with an old resourceVersion is a conflict',
    run: async (on) => {
      const { metadata } = await on.create(tenants, tenantControlPlane('a'));
      await on.merge(tenants, 'a', { metadata: { labels: { a: 'b' } } });
      const { resourceVersion } = metadata;
      const patch = { metadata: { resourceVersion }, status: { controlPlaneEndpoint: 'a:1' } };
      await on.merge(tenants, 'a', patch, { subresource: 'status' });
    },
  },
  {
    title: 'a status that is written again as it is is no write',
    run: async (on) => {
      await on.create(tenants, tenantControlPlane('a'));
      const patch = { status: { controlPlaneEndpoint: 'a:1' } };
      await on.merge(tenants, 'a', patch, { subresource: 'status' });
      await on.merge(tenants, 'a', patch, { subresource: 'status' });
    },
  },
  {
    title: 'the status of an object is read by its subresource too',
    run: async (on) => {
      await on.create(deployments, deployment('a'));
      await on.get(deployments, 'a', { subresource: 'status' });
    },
  },
  {
    title: 'the finalizers of a custom resource are not written by its status, its deletion is ended by them',
    run: async (on) => {
      await on.create(tenants, tenantControlPlane('a', {}, { finalizers: ['a.io/a'] }));
      await on.delete(tenants, 'a');
      await on.merge(tenants, 'a', { metadata: { finalizers: null } }, { subresource: 'status' });
      await on.merge(tenants, 'a', { status: { controlPlaneEndpoint: 'a:1' } }, { subresource: 'status' });
      await on.merge(tenants, 'a', { metadata: { finalizers: null } });
      await on.get(tenants, 'a');
    },
  },
  {
    title: 'the number of pods is read and written as a Scale',
    run: async (on) => {
      await on.create(deployments, deployment('a'));
      await on.get(deployments, 'a', { subresource: 'scale' });
      await on.merge(deployments, 'a', { spec: { replicas: 5 } }, { subresource: 'scale' });
      await on.get(deployments, 'a');
      await on.create(tenants, tenantControlPlane('a'));
      await on.get(tenants, 'a', { subresource: 'scale' });
      await on.merge(tenants, 'a', { spec: { replicas: 5 } }, { subresource: 'scale' });
      await on.get(tenants, 'a');
    },
  },
];
