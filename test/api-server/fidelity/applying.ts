import { tenantControlPlanes } from '#api/kinds.ts';
import { configMaps, deployments, secrets, services, statefulSets } from '#runtime/client/builtin.ts';
import type { Behaviour } from './behaviour.ts';
import { deployment, map, podSpec, secret, service, statefulSet, tenantControlPlane } from './objects.ts';
import { untyped } from './untyped.ts';

const tenants = untyped(tenantControlPlanes);
const force = { query: { force: true } };

export const applying: readonly Behaviour[] = [
  { title: 'an applied object that is not there is created', run: (on) => on.apply(configMaps, 'kamaji', map('a')) },
  {
    title: 'what is applied again as it is is no write',
    run: async (on) => {
      for (let time = 0; time < 2; time++) {
        await on.apply(configMaps, 'kamaji', map('a'));
        await on.apply(deployments, 'kamaji', deployment('a'));
        await on.apply(services, 'kamaji', service('a'));
        await on.apply(secrets, 'kamaji', secret('a'));
        await on.apply(tenants, 'kamaji', tenantControlPlane('a'));
      }
    },
  },
  {
    title: 'what is not applied any more goes',
    run: async (on) => {
      await on.apply(
        configMaps,
        'kamaji',
        map('a', { data: { a: '1', b: '2' }, metadata: { name: 'a', labels: { x: 'y' } } }),
      );
      await on.apply(configMaps, 'kamaji', map('a', { data: { b: '2' } }));
    },
  },
  {
    title: 'what somebody else wrote stays',
    run: async (on) => {
      await on.apply(configMaps, 'kamaji', map('a'));
      await on.merge(configMaps, 'a', { data: { b: '2' } });
      await on.apply(configMaps, 'kamaji', map('a'));
      await on.apply(configMaps, 'kamaji', { metadata: { name: 'a' } });
    },
  },
  {
    title: 'a field of somebody else is a conflict, unless it is taken by force',
    run: async (on) => {
      await on.apply(deployments, 'kamaji', deployment('a'));
      await on.apply(deployments, 'other', deployment('a', { replicas: 5 }));
      await on.apply(deployments, 'other', deployment('a', { replicas: 5 }), force);
      await on.apply(deployments, 'kamaji', deployment('a'));
    },
  },
  {
    title: 'several conflicts are named one by one',
    run: async (on) => {
      await on.create(configMaps, map('a', { data: { a: '1', b: '2' } }));
      await on.apply(configMaps, 'kamaji', map('a', { data: { a: '2', b: '3' } }));
    },
  },
  {
    title: 'two managers share a value that they agree on',
    run: async (on) => {
      await on.apply(configMaps, 'one', map('a'));
      await on.apply(configMaps, 'two', map('a'));
      await on.apply(configMaps, 'one', { metadata: { name: 'a' } });
      await on.get(configMaps, 'a');
    },
  },
  {
    title: 'containers, ports and variables of a Deployment are merged by their keys',
    run: async (on) => {
      const template = (containers: readonly object[]): object => ({
        template: { metadata: { labels: { app: 'a' } }, spec: { ...podSpec(), containers } },
      });
      const main = { name: 'main', image: 'example.com/main:v1' };
      const ports = [{ containerPort: 6443, name: 'api' }];
      const env = [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ];
      await on.apply(deployments, 'kamaji', deployment('a', template([{ ...main, ports, env }])));
      await on.apply(deployments, 'other', {
        metadata: { name: 'a' },
        spec: { template: { spec: { containers: [{ name: 'side', image: 'example.com/side:v1' }] } } },
      });
      await on.apply(deployments, 'kamaji', deployment('a', template([{ ...main, ports, env: env.slice(1) }])));
    },
  },
  {
    title: 'an apply without manager is refused',
    run: (on) => on.apply(configMaps, '', map('a')),
  },
  {
    title: 'an apply that brings managedFields along is refused',
    run: (on) => on.apply(configMaps, 'kamaji', map('a', { metadata: { name: 'a', managedFields: [{}] } })),
  },
  {
    title: 'an apply under an old resourceVersion or another uid is refused',
    run: async (on) => {
      const { metadata } = await on.apply(configMaps, 'kamaji', map('a'));
      await on.merge(configMaps, 'a', { data: { b: '2' } });
      await on.apply(
        configMaps,
        'kamaji',
        map('a', { metadata: { name: 'a', resourceVersion: metadata.resourceVersion } }),
      );
      await on.apply(configMaps, 'kamaji', map('a', { metadata: { name: 'a', uid: 'another' } }));
      await on.apply(configMaps, 'kamaji', map('absent', { metadata: { name: 'absent', uid: 'another' } }));
      await on.apply(configMaps, 'kamaji', map('absent', { metadata: { name: 'absent', resourceVersion: '7' } }));
    },
  },
  {
    title: 'an apply to an object that is being deleted changes it',
    run: async (on) => {
      await on.apply(configMaps, 'kamaji', map('a', { metadata: { name: 'a', finalizers: ['a.io/a'] } }));
      await on.delete(configMaps, 'a');
      await on.apply(
        configMaps,
        'kamaji',
        map('a', { data: { b: '2' }, metadata: { name: 'a', finalizers: ['a.io/a'] } }),
      );
      await on.apply(configMaps, 'kamaji', map('a', { data: { b: '2' } }));
      await on.get(configMaps, 'a');
    },
  },
  {
    title: 'the selector of a Deployment is not changed',
    run: async (on) => {
      await on.apply(deployments, 'kamaji', deployment('a'));
      const labels = { app: 'b' };
      const template = { metadata: { labels }, spec: podSpec() };
      await on.apply(deployments, 'kamaji', deployment('a', { selector: { matchLabels: labels }, template }));
      await on.create(deployments, deployment('b', { template }));
      await on.create(deployments, deployment('c', { template }));
      await on.create(statefulSets, statefulSet('a'));
      await on.merge(statefulSets, 'a', { spec: { serviceName: 'b' } });
      await on.merge(statefulSets, 'a', { spec: { replicas: 1 } });
    },
  },
  {
    title: 'a status is applied to its subresource',
    run: async (on) => {
      await on.apply(tenants, 'kamaji', tenantControlPlane('a'));
      const status = { metadata: { name: 'a' }, status: { controlPlaneEndpoint: 'a:1' } };
      await on.apply(tenants, 'kamaji', status, { subresource: 'status' });
      await on.apply(tenants, 'kamaji', status);
      await on.apply(tenants, 'kamaji', { metadata: { name: 'absent' }, status: {} }, { subresource: 'status' });
    },
  },
  {
    title: 'a field that no schema knows is refused in a built-in kind and dropped in a custom one',
    run: async (on) => {
      await on.apply(configMaps, 'kamaji', map('a', { unknown: 1 }));
      await on.apply(tenants, 'kamaji', tenantControlPlane('a', { unknown: 1 }));
    },
  },
];
