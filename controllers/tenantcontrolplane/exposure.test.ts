import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { X509Certificate } from 'node:crypto';
import type { Gateway, TlsRoute } from '#api/core/gateway.ts';
import { gateways, tenantControlPlanes, tlsRoutes } from '#api/kinds.ts';
import { ingresses, secrets, services } from '#runtime/client/builtin.ts';
import { findCondition } from '#runtime/client/conditions.ts';
import type { ObjectKey } from '#runtime/client/resource.ts';
import { installGatewayApi } from '#test/gateway-api.ts';
import type { World } from './world.fake.ts';
import { NAMESPACE, startWorld } from './world.fake.ts';

suite('what stands in front of the Service of a control plane', { concurrency: 1 }, () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  test('an Ingress follows the spec, the certificate its host name, and both go when they are no longer wanted', async () => {
    const key = await world.tenant('web', {
      controlPlane: { ingress: { hostname: 'web.example.org', ingressClassName: 'nginx' } },
    });
    await world.eventually('the Ingress routes to the Service', async () => {
      const [rule] = (await world.client.get(ingresses, key))?.spec?.rules ?? [];
      return rule?.host === 'web.example.org' && rule.http?.paths[0]?.backend.service?.name === 'web';
    });
    await world.reason(key, 'EndpointReady', 'EndpointReady');
    await certificateNames(key, 'DNS:web.example.org');

    await patch(key, { controlPlane: { ingress: { hostname: 'new.example.org:8443' } } });
    await world.eventually('the Ingress has the new host', async () => {
      const ingress = await world.client.get(ingresses, key);
      return ingress?.spec?.rules?.[0]?.host === 'new.example.org';
    });
    await certificateNames(key, 'DNS:new.example.org');
    assert.equal((await world.get(key)).status?.kubernetesResources?.ingress?.name, 'web');

    await patch(key, { controlPlane: { ingress: null } });
    await world.eventually('the Ingress is gone', async () => (await world.client.get(ingresses, key)) === undefined);
    await world.eventually('the status speaks of no Ingress', async () => {
      return (await world.get(key)).status?.kubernetesResources?.ingress === undefined;
    });
  });

  test('a load balancer’s address is followed when it changes: endpoint, certificate and kubeconfigs', async () => {
    const key = await world.tenant('balanced', {
      controlPlane: { service: { serviceType: 'LoadBalancer' } },
      networkProfile: {},
    });
    await world.reason(key, 'EndpointReady', 'WaitingForLoadBalancer');
    for (const ip of ['192.0.2.11', '192.0.2.12']) {
      const status = { loadBalancer: { ingress: [{ ip }] } };
      await world.client.mergePatch(services, key, { status }, { subresource: 'status' });
      await world.eventually(`the endpoint is ${ip}`, async () => {
        return (await world.get(key)).status?.controlPlaneEndpoint === `${ip}:6443`;
      });
      await certificateNames(key, `IP Address:${ip}`);
      await world.eventually('the kubeconfig leads there', async () => {
        const kubeconfig = await world.client.get(secrets, { ...key, name: 'balanced-admin-kubeconfig' });
        const text = Buffer.from(kubeconfig?.data?.['admin.conf'] ?? '', 'base64').toString('utf8');
        return text.includes(`https://${ip}:6443`);
      });
    }
  });

  test('an Ingress of somebody else keeps its name, and the condition says so', async () => {
    const key = { namespace: NAMESPACE, name: 'taken' };
    const backend = { service: { name: 'other', port: { number: 80 } } };
    const paths = [{ path: '/', pathType: 'Prefix', backend }];
    await world.client.apply(
      ingresses,
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: key,
        spec: { rules: [{ host: 'other.example.org', http: { paths } }] },
      },
      { fieldManager: 'somebody' },
    );
    await world.tenant('taken', { controlPlane: { ingress: { hostname: 'taken.example.org' } } });
    await world.reason(key, 'EndpointReady', 'ForeignObject');
    const ingress = await world.client.get(ingresses, key);
    assert.equal(ingress?.spec?.rules?.[0]?.host, 'other.example.org');
  });

  test('an Ingress that the API server refuses is said, until the spec is corrected', async () => {
    const ingress = { hostname: 'refused.example.org', ingressClassName: 'no name of a class' };
    const key = await world.tenant('refused', { controlPlane: { ingress } });
    const { status } = await world.reason(key, 'EndpointReady', 'RouteRefused');
    const message = findCondition(status?.conditions, 'EndpointReady')?.message ?? '';
    assert.match(message, /ingressClassName.*no name of a class/u);
    await patch(key, { controlPlane: { ingress: { ingressClassName: 'nginx' } } });
    await world.reason(key, 'EndpointReady', 'EndpointReady');
  });

  test('TLSRoutes wait for the Gateway API, then for a Gateway, then show where clients connect', async () => {
    const key = await world.tenant('routed', { controlPlane: { gateway: gatewaySpec } });
    const without = await world.reason(key, 'EndpointReady', 'GatewayApiMissing');
    assert.match(findCondition(without.status?.conditions, 'EndpointReady')?.message ?? '', /install the Gateway API/);

    await installGatewayApi(world.management, new AbortController().signal);
    await world.restart();
    await world.reason(key, 'EndpointReady', 'RouteNotAccepted');
    const route = await world.client.get(tlsRoutes, key);
    assert.deepEqual(route?.spec.hostnames, ['routed.example.org']);
    assert.deepEqual(
      route.spec.parentRefs.map(({ name, sectionName }) => [name, sectionName]),
      [['edge', 'api']],
    );
    const tunnel = await world.client.get(tlsRoutes, { ...key, name: 'routed-konnectivity' });
    assert.equal(tunnel?.spec.parentRefs[0]?.sectionName, 'konnectivity-server');

    await refuseRoute(route);
    await world.eventually('the refusal is shown', async () => {
      const condition = findCondition((await world.get(key)).status?.conditions, 'EndpointReady');
      return condition?.message.includes('NotAllowedByListeners') === true;
    });

    await programGateway();
    await Promise.all([answerRoute(key, 'True'), answerRoute({ ...key, name: 'routed-konnectivity' }, 'True')]);
    await world.reason(key, 'EndpointReady', 'EndpointReady');
    await world.eventually('the address is shown', async () => {
      const points = (await world.get(key)).status?.kubernetesResources?.gateway?.accessPoints ?? [];
      return points.some(({ urls }) => urls?.includes('https://routed.example.org:6443') === true);
    });

    await patch(key, { controlPlane: { gateway: null } });
    await world.eventually('both routes are gone', async () => {
      const { items } = await world.client.list(tlsRoutes, { namespace: NAMESPACE });
      return items.length === 0;
    });
    await world.eventually('the status speaks of no route', async () => {
      return (await world.get(key)).status?.kubernetesResources?.gateway === undefined;
    });
  });

  async function patch(key: ObjectKey, spec: object): Promise<void> {
    await world.client.mergePatch(tenantControlPlanes, key, { spec });
  }

  async function certificateNames(key: ObjectKey, wanted: string): Promise<void> {
    await world.eventually(`the certificate is valid for ${wanted}`, async () => {
      const secret = await world.client.get(secrets, { ...key, name: `${key.name}-api-server-certificate` });
      const pem = Buffer.from(secret?.data?.['apiserver.crt'] ?? '', 'base64');
      return pem.length > 0 && new X509Certificate(pem).subjectAltName?.split(', ').includes(wanted) === true;
    });
  }

  async function refuseRoute({ metadata: { namespace = '', name = '' } }: TlsRoute): Promise<void> {
    await answerRoute({ namespace, name }, 'False');
  }

  /** Says of a route what the controller of its Gateway would. */
  async function answerRoute(key: ObjectKey, status: 'True' | 'False'): Promise<void> {
    const reason = status === 'True' ? 'Accepted' : 'NotAllowedByListeners';
    const parent = {
      parentRef: { name: 'edge' },
      controllerName: 'example.org/gateway',
      conditions: [{ type: 'Accepted', status, reason, message: reason, lastTransitionTime: '2026-01-01T00:00:00Z' }],
    };
    await world.client.mergePatch(tlsRoutes, key, { status: { parents: [parent] } }, { subresource: 'status' });
  }

  async function programGateway(): Promise<void> {
    const key = { namespace: NAMESPACE, name: 'edge' };
    const listener = { protocol: 'TLS', tls: { mode: 'Passthrough' } };
    const gateway: Gateway & { spec: { gatewayClassName: string } } = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: key,
      spec: {
        gatewayClassName: 'example',
        listeners: [
          { name: 'api', port: 6443, ...listener },
          { name: 'konnectivity-server', port: 8132, ...listener },
        ],
      },
    };
    await world.client.create(gateways, gateway);
    const programmed = { type: 'Programmed', status: 'True', reason: 'Programmed', message: '' };
    const conditions = [{ ...programmed, lastTransitionTime: '2026-01-01T00:00:00Z' }];
    await world.client.mergePatch(gateways, key, { status: { conditions } }, { subresource: 'status' });
  }
});

const gatewaySpec = { hostname: 'routed.example.org', parentRefs: [{ name: 'edge', sectionName: 'api' }] };
