import { tenantControlPlanes } from '#api/kinds.ts';
import type { JsonObject } from '#api/schema/json-schema.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import type { World } from './world.fake.ts';

export type Tenant = KubeObject & { spec?: JsonObject };

/** TenantControlPlanes with specs as users write them, for the API server to judge. */
export const tenants: Resource<Tenant> = tenantControlPlanes;

export const key = (name: string) => ({ namespace: 'default', name });

/** The part of a spec that says how the pods look. */
export const deployment = (parts: JsonObject): JsonObject => ({ controlPlane: { deployment: parts } });

/** One with nothing out of the ordinary but what is given, held by a finalizer. */
export function manifestOf(name: string, spec: JsonObject = {}, controlPlane: JsonObject = {}): Tenant {
  return {
    apiVersion: 'kamaji.clastix.io/v1alpha1',
    kind: 'TenantControlPlane',
    metadata: { ...key(name), finalizers: ['test.example/held'] },
    spec: {
      controlPlane: { service: { serviceType: 'ClusterIP' }, ...controlPlane },
      kubernetes: { version: 'v1.35.4', kubelet: {} },
      ...spec,
    },
  };
}

/** Creates it. */
export function create(
  { management }: World,
  name: string,
  spec: JsonObject = {},
  controlPlane: JsonObject = {},
): Promise<Tenant> {
  return management.client.create(tenants, manifestOf(name, spec, controlPlane));
}

export function patch({ management }: World, name: string, spec: JsonObject): Promise<Tenant> {
  return management.client.mergePatch(tenants, key(name), { spec });
}

let changes = 0;

/** An edit that a webhook judges, over a connection of its own. */
export async function judgedEdit(world: World, name: string): Promise<void> {
  await world.front.cut();
  await patch(world, name, deployment({ nodeSelector: { 'test.example/change': String(changes++) } }));
}

/** Whether the webhooks answer: the API server takes a changed configuration into use a moment after it has stored it. */
export async function isJudged(world: World, name: string): Promise<boolean> {
  try {
    await judgedEdit(world, name);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 500) return false;
    throw error;
  }
}
