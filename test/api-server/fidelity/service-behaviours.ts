import { services } from '#runtime/client/builtin.ts';
import type { Behaviour } from './behaviour.ts';
import { service } from './objects.ts';

const port = (nodePort: number, name = 'api'): object => ({ name, port: 6443, protocol: 'TCP', nodePort });

export const serviceBehaviours: readonly Behaviour[] = [
  { title: 'a Service is given an address', run: (on) => on.create(services, service('a')) },
  { title: 'a headless Service has none', run: (on) => on.create(services, service('a', { clusterIP: 'None' })) },
  {
    title: 'a Service of type NodePort is given a port',
    run: (on) => on.create(services, service('a', { type: 'NodePort' })),
  },
  {
    title: 'a Service of type LoadBalancer is given one too, unless it wants none',
    run: async (on) => {
      await on.create(services, service('a', { type: 'LoadBalancer' }));
      await on.create(services, service('b', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }));
    },
  },
  {
    title: 'a port that another Service has is refused',
    run: async (on) => {
      await on.create(services, service('a', { type: 'NodePort', ports: [port(31234)] }));
      await on.create(services, service('b', { type: 'NodePort', ports: [port(31234)] }));
      await on.apply(services, 'kamaji', service('b', { type: 'NodePort', ports: [port(31234)] }));
      await on.create(services, service('c'));
      await on.merge(services, 'c', { spec: { type: 'NodePort', ports: [port(31234)] } });
      await on.delete(services, 'a');
      await on.create(services, service('b', { type: 'NodePort', ports: [port(31234)] }));
      await on.delete(services, 'b');
    },
  },
  {
    title: 'a port out of range is refused',
    run: (on) => on.create(services, service('a', { type: 'NodePort', ports: [port(80)] })),
  },
  {
    title: 'an address that another Service has is refused',
    run: async (on) => {
      const { spec } = await on.create(services, service('a'));
      const clusterIP = Object(spec)['clusterIP'];
      await on.create(services, service('b', { clusterIP }));
    },
  },
  {
    title: 'an address is not changed',
    run: async (on) => {
      await on.create(services, service('a'));
      await on.merge(services, 'a', { spec: { clusterIP: '10.96.200.7', clusterIPs: ['10.96.200.7'] } });
    },
  },
  {
    title: 'an update that names neither address nor port keeps them',
    run: async (on) => {
      await on.create(services, service('a', { type: 'NodePort' }));
      await on.replace(services, service('a', { type: 'NodePort', selector: { other: 'label' } }));
      await on.apply(services, 'kamaji', service('a', { type: 'NodePort' }), { query: { force: true } });
      await on.apply(services, 'kamaji', service('a', { type: 'NodePort' }));
    },
  },
  {
    title: 'a Service changes its type, and its port comes and goes with it',
    run: async (on) => {
      await on.create(services, service('a'));
      await on.merge(services, 'a', { spec: { type: 'NodePort' } });
      await on.merge(services, 'a', { spec: { type: 'LoadBalancer' } });
      await on.merge(services, 'a', { spec: { type: 'ClusterIP' } });
    },
  },
  {
    title: 'an applied Service changes its type',
    run: async (on) => {
      await on.apply(services, 'kamaji', service('a', { type: 'LoadBalancer' }));
      await on.merge(
        services,
        'a',
        { status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } } },
        { subresource: 'status' },
      );
      await on.apply(services, 'kamaji', service('a', { type: 'NodePort' }));
      await on.apply(services, 'kamaji', service('a', { type: 'ClusterIP' }));
    },
  },
  {
    title: 'ports without which a Service makes no sense are asked for',
    run: async (on) => {
      await on.create(services, service('a', { ports: [] }));
      await on.create(services, service('a', { ports: [{ port: 1 }, { port: 2 }] }));
      await on.create(
        services,
        service('a', {
          ports: [
            { name: 'x', port: 1 },
            { name: 'x', port: 2 },
          ],
        }),
      );
      await on.create(services, service('a', { ports: [{ port: 0 }] }));
      await on.create(services, service('1a'));
    },
  },
];
