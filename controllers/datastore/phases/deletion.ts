import { networkPolicies, podDisruptionBudgets, secrets, services, statefulSets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { keyOf } from '#runtime/client/resource.ts';
import type { ManagedObjects } from '../gather.ts';

/**
 * Deletes the objects of a managed store that nobody uses any more. Its volumes stay: they are the only thing that cannot be made
 * again, and a DataStore of the same name takes them up. Returns the names of the claims that are left.
 */
export async function deleteManaged(objects: ManagedObjects, client: Client): Promise<readonly string[]> {
  const doomed: readonly (readonly [Resource, KubeObject | undefined])[] = [
    [statefulSets, objects.statefulSet],
    [services, objects.service],
    [services, objects.peersService],
    [podDisruptionBudgets, objects.podDisruptionBudget],
    [networkPolicies, objects.networkPolicy],
    ...[...objects.secrets.values()].map((secret) => [secrets, secret] as const),
  ];
  await Promise.all(
    doomed.map(async ([resource, object]) => {
      if (object !== undefined) await client.delete(resource, keyOf(object), { propagationPolicy: 'Background' });
    }),
  );
  return objects.claims.map(({ metadata }) => metadata?.name ?? '').sort();
}
