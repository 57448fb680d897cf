import { dataStores, kamajiControlPlanes, tenantControlPlanes } from '#api/kinds.ts';
import { customResourceDefinitions } from '#runtime/client/builtin.ts';
import type { Resource } from '#runtime/client/resource.ts';
import { at, isFields } from '../object.ts';
import type { Behaviour } from './behaviour.ts';
import { gadgetCrd, gadgets, oldGadgets } from './gadget-crd.ts';
import { dataStore, tenantControlPlane } from './objects.ts';
import type { Session } from './session.ts';
import { untyped } from './untyped.ts';

const tenants = untyped(tenantControlPlanes);
const stores = untyped(dataStores);
const controlPlanes = untyped(kamajiControlPlanes);
const gadget = (name: string, spec: object = {}): object => ({ metadata: { name }, spec: { size: 1, ...spec } });

export const customResources: readonly Behaviour[] = [
  {
    title: 'a tenant is given its defaults and loses what its schema does not know',
    run: (on) => on.create(tenants, tenantControlPlane('a', { unknown: 1, networkProfile: { unknown: 2 } })),
  },
  {
    title: 'a tenant that its schema does not allow is refused, all reasons named',
    run: async (on) => {
      await on.create(tenants, { metadata: { name: 'a' } });
      await on.create(tenants, tenantControlPlane('a', { kubernetes: { version: 1 } }));
      await on.create(tenants, tenantControlPlane('a', { networkProfile: { port: 99999, serviceCidr: 7 } }));
      await on.create(tenants, tenantControlPlane('a', { controlPlane: { service: { serviceType: 'Bad' } } }));
    },
  },
  {
    title: 'a DataStore and a KamajiControlPlane are stored as their schemas say',
    run: async (on) => {
      const store = dataStore(on.namespace);
      await on.create(stores, store);
      await on.merge(stores, on.namespace, { spec: { driver: 'nothing' } });
      await on.delete(stores, on.namespace);
      await on.create(controlPlanes, { metadata: { name: 'a' }, spec: { version: 'v1.35.4' } });
      await on.merge(controlPlanes, 'a', { spec: { replicas: 3 } });
      await on.merge(controlPlanes, 'a', { spec: { replicas: 'many' } });
    },
  },
  {
    title: 'a change of a tenant raises its generation, one of its metadata or status does not',
    run: async (on) => {
      await on.create(tenants, tenantControlPlane('a'));
      await on.merge(tenants, 'a', { spec: { kubernetes: { kubelet: { cgroupfs: 'systemd' } } } });
      await on.merge(tenants, 'a', { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } } });
      await on.merge(tenants, 'a', { status: { controlPlaneEndpoint: 'a:1' } }, { subresource: 'status' });
    },
  },
  {
    title:
      'a kind without status subresource has its status in one with the rest, and any change raises the generation',
    run: async (on) => {
      await on.create(gadgets, { ...gadget('a'), status: { size: 1 } });
      await on.merge(gadgets, 'a', { status: { size: 2 } });
      await on.merge(gadgets, 'a', { status: { size: 3 } }, { subresource: 'status' });
      await on.merge(gadgets, 'a', { metadata: { labels: { a: 'b' } } });
    },
  },
  {
    title: 'values out of bounds are refused with a cause each',
    run: async (on) => {
      await on.create(gadgets, gadget('a', { size: 10, color: 'blue', name: 'A' }));
      await on.create(gadgets, gadget('a', { size: 0, name: 'abcdefgh' }));
      await on.create(gadgets, gadget('a', { size: '1' }));
      await on.create(gadgets, { metadata: { name: 'a' }, spec: {} });
      await on.create(gadgets, gadget('a', { parts: [{ name: 'x' }, { name: 'x' }] }));
      await on.create(gadgets, gadget('a', { parts: [{ count: 1 }] }));
    },
  },
  {
    title: 'a merge patch that makes a custom resource wrong is refused',
    run: async (on) => {
      await on.create(gadgets, gadget('a'));
      await on.merge(gadgets, 'a', { spec: { size: null } });
      await on.merge(gadgets, 'a', { spec: { color: null } });
      await on.merge(gadgets, 'a', { spec: null });
    },
  },
  {
    title: 'an object is seen in every served version',
    run: async (on) => {
      await on.create(oldGadgets, gadget('a'));
      await on.get(gadgets, 'a');
      await on.list(oldGadgets);
      await on.merge(oldGadgets, 'a', { spec: { size: 2 } });
    },
  },
  {
    title: 'a custom resource is not updated without resourceVersion',
    run: async (on) => {
      const { metadata } = await on.create(gadgets, gadget('a'));
      await on.replace(gadgets, gadget('a', { size: 2 }));
      await on.replace(gadgets, { ...gadget('a', { size: 2 }), metadata });
      await on.replace(gadgets, { ...gadget('a', { size: 3 }), metadata });
      await on.replace(gadgets, { ...gadget('a', { size: 3 }), metadata: { ...metadata, uid: 'another' } });
    },
  },
  {
    title: 'a custom resource of another kind or version is refused',
    run: async (on) => {
      await on.create(gadgets, { ...gadget('a'), kind: 'Other' });
      await on.create(gadgets, { ...gadget('a'), apiVersion: 'fidelity.example.com/v9' });
    },
  },
  {
    title: 'custom resources are selected by name and label, their metadata read alone',
    run: async (on) => {
      await on.create(gadgets, { ...gadget('a'), metadata: { name: 'a', labels: { x: 'y' } } });
      await on.create(gadgets, gadget('b'));
      await on.list(gadgets, { labelSelector: 'x=y' });
      await on.list(
        gadgets,
        { fieldSelector: 'metadata.name=b' },
        'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      );
      await on.list(gadgets, { fieldSelector: 'spec.size=1' });
    },
  },
  {
    title: 'finalizers that are added while a custom resource is being deleted are refused',
    run: async (on) => {
      await on.create(gadgets, { ...gadget('a'), metadata: { name: 'a', finalizers: ['a.io/a'] } });
      await on.delete(gadgets, 'a');
      await on.merge(gadgets, 'a', { metadata: { finalizers: ['a.io/a', 'a.io/b'] } });
      await on.merge(gadgets, 'a', { spec: { size: 5 } });
      await on.merge(gadgets, 'a', { metadata: { finalizers: [] } });
      await on.get(gadgets, 'a');
    },
  },
  {
    title: 'a watch of custom resources is as any other',
    run: async (on) => {
      const { metadata } = await on.create(gadgets, gadget('a'));
      await on.watch(gadgets, { resourceVersion: metadata.resourceVersion }, 2, async () => {
        await on.merge(gadgets, 'a', { spec: { size: 4 } });
        await on.delete(gadgets, 'a');
      });
    },
  },
  {
    title: 'a CustomResourceDefinition says when it is served, and takes its objects along when it goes',
    run: async (on) => {
      const plural = `x${on.namespace.replaceAll('-', '')}s`;
      const { spec, ...crd } = gadgetCrd;
      const metadata = { name: `${plural}.${spec.group}` };
      const own: Resource = { ...gadgets, kind: 'Own', plural };
      await on.create(customResourceDefinitions, {
        ...crd,
        metadata,
        spec: { ...spec, names: { kind: 'Own', plural } },
      });
      await on.server.collected(() => isEstablished(on, metadata.name));
      await on.get(customResourceDefinitions, metadata.name);
      await on.server.collected(() => on.isServed(own));
      await on.create(own, gadget('a'));
      await on.delete(customResourceDefinitions, metadata.name);
      await on.server.collected(async () => !(await on.exists(customResourceDefinitions, metadata.name)));
      await on.get(customResourceDefinitions, metadata.name);
    },
  },
];

async function isEstablished(on: Session, name: string): Promise<boolean> {
  const conditions = at(await on.quietly(() => on.get(customResourceDefinitions, name)), 'status', 'conditions');
  if (!Array.isArray(conditions)) return false;
  return conditions.some((one) => isFields(one) && one['type'] === 'Established' && one['status'] === 'True');
}
