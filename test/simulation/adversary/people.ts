import { tenantControlPlanes } from '#api/kinds.ts';
import { labels, PROJECT } from '#api/labels.ts';
import { MANAGED_LABEL } from '#datastore/managed.ts';
import {
  configMaps,
  daemonSets,
  deployments,
  networkPolicies,
  podDisruptionBudgets,
  pods,
  secrets,
  services,
} from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { keyOf } from '#runtime/client/resource.ts';
import { pick } from '../random.ts';
import type { World } from '../world/world.ts';

const OURS: readonly [Resource, ...Resource[]] = [
  secrets,
  configMaps,
  services,
  deployments,
  podDisruptionBudgets,
  networkPolicies,
];
const INSIDE: readonly [Resource, ...Resource[]] = [configMaps, services, deployments, daemonSets];

/** What somebody does to objects that are ours, and that is put right again. */
export async function meddle(world: World, random: () => number): Promise<string> {
  const views = [...world.tenants.all.values()];
  const inside = views.length > 0 && random() < 0.4;
  const client = inside ? views[Math.floor(random() * views.length)]?.client : world.management.client;
  if (client === undefined) return 'nothing';
  if (!inside && random() < 0.15) return deleteSome(client, pods, await client.list(pods), random);
  const kind = pick(random, inside ? INSIDE : OURS);
  const { items } = await client.list(kind, { labelSelector: `${labels.project}=${PROJECT}` });
  const fair = { items: items.filter((object) => inside || isOfTenant(object)) };
  return random() < 0.5 ? deleteSome(client, kind, fair, random) : changeSome(client, kind, fair, random);
}

interface Listed {
  readonly items: readonly KubeObject[];
}

// Authorities of managed stores are made once; what belongs to no control plane is not healed by anybody.
function isOfTenant({ metadata }: KubeObject): boolean {
  const owned = metadata?.ownerReferences?.some(({ kind }) => kind === tenantControlPlanes.kind) === true;
  return owned && metadata?.labels?.[MANAGED_LABEL] === undefined;
}

async function deleteSome(client: Client, kind: Resource, { items }: Listed, random: () => number): Promise<string> {
  const object = items[Math.floor(random() * items.length)];
  if (object === undefined) return 'nothing';
  await client.delete(kind, keyOf(object));
  return `delete ${kind.kind} ${object.metadata?.name ?? ''}`;
}

async function changeSome(client: Client, kind: Resource, { items }: Listed, random: () => number): Promise<string> {
  const object = items[Math.floor(random() * items.length)];
  if (object === undefined) return 'nothing';
  // A label that we have set: one that others add is theirs.
  const label = pick(random, [labels.project, ...Object.keys(object.metadata?.labels ?? {})]);
  const patch = pick<object>(random, [
    { metadata: { labels: { [label]: 'changed' } } },
    // The users of a tenant may scale what runs inside of it.
    ...(kind === deployments && isOfTenant(object) ? [{ spec: { replicas: 7 } }] : []),
    // As may the Corefile be edited.
    ...(kind === configMaps && dataOf(object)['Corefile'] === undefined && Object.keys(dataOf(object)).length > 0
      ? [{ data: garbled(object) }]
      : []),
  ]);
  try {
    await client.mergePatch(kind, keyOf(object), patch);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return 'nothing';
  }
  return `change ${kind.kind} ${object.metadata?.name ?? ''}: ${JSON.stringify(patch)}`;
}

function dataOf(object: KubeObject): Readonly<Record<string, string>> {
  return (object as { readonly data?: Readonly<Record<string, string>> }).data ?? {};
}

function garbled(object: KubeObject): object {
  const [key = ''] = Object.keys(dataOf(object));
  return { [key]: 'changed' };
}
