import { createHash } from 'node:crypto';
import { labels, PROJECT } from '#api/labels.ts';
import type { Client } from '#runtime/client/client.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { keyOf, keyString } from '#runtime/client/resource.ts';

/** What one look at a tenant's objects came to. */
export interface OwnedObjectsResult {
  readonly applied: number;
  readonly pruned: number;
  /** Writes that failed; the others were done all the same. */
  readonly failures: readonly { readonly object: KubeObject; readonly error: unknown }[];
}

/** An object that should be in a tenant, with the coordinates of its kind. */
export interface DesiredObject {
  readonly resource: Resource;
  readonly object: KubeObject;
}

export interface OwnedObjectsOptions {
  readonly fieldManager: string;
  /** Every kind that we ever own inside a tenant; all are listed for what is no longer wanted. */
  readonly kinds: readonly Resource[];
}

/**
 * Keeps the objects that we own inside tenants as desired: what is missing, was changed by somebody or is wanted
 * differently is applied; what carries our label and is not wanted any more is deleted, unless the tenant's own controllers
 * made it. An untouched tenant costs one metadata list per kind and no write.
 */
export interface OwnedObjects {
  ensure(
    id: string,
    client: Client,
    desired: readonly DesiredObject[],
    signal: AbortSignal,
  ): Promise<OwnedObjectsResult>;
  /** Drops what is remembered of a tenant: the next `ensure` applies everything again. */
  forget(id: string): void;
}

interface Settled {
  /** Of the desired object. */
  readonly hash: string;
  /** Of the object after our apply: `generation` where the kind has one, else `resourceVersion`. */
  readonly version: string;
}

export function createOwnedObjects(options: OwnedObjectsOptions): OwnedObjects {
  const tenants = new Map<string, Map<string, Settled>>();

  return {
    async ensure(id, client, desired, signal) {
      const remembered = tenants.get(id) ?? new Map<string, Settled>();
      tenants.set(id, remembered);
      const live = await listOwned(client, options.kinds, signal);
      const wanted = new Map(desired.map((entry) => [identityOf(entry.resource, entry.object), entry]));

      let applied = 0;
      let pruned = 0;
      const failures: { object: KubeObject; error: unknown }[] = [];
      const attempt = async (object: KubeObject, write: () => Promise<void>): Promise<void> => {
        try {
          await write();
        } catch (error) {
          if (signal.aborted) throw error;
          failures.push({ object, error });
        }
      };
      const applyOne = async (identity: string, { resource, object }: DesiredObject): Promise<void> => {
        const hash = hashOf(object);
        const present = live.get(identity)?.object;
        const settled = remembered.get(identity);
        if (present !== undefined && settled?.hash === hash && settled.version === versionOf(present)) return;
        const stored = await client.apply(resource, object, { fieldManager: options.fieldManager, signal });
        remembered.set(identity, { hash, version: versionOf(stored) });
        applied += 1;
      };
      await Promise.all([...wanted].map(([identity, entry]) => attempt(entry.object, () => applyOne(identity, entry))));

      const surplus = [...live].filter(([identity, { object }]) => !wanted.has(identity) && !isDerived(object));
      const remove = async (identity: string, { resource, object }: DesiredObject): Promise<void> => {
        const uid = object.metadata?.uid;
        await client.delete(resource, keyOf(object), {
          ...(uid === undefined ? {} : { uid }),
          propagationPolicy: 'Background',
          signal,
        });
        remembered.delete(identity);
        pruned += 1;
      };
      await Promise.all(surplus.map(([identity, entry]) => attempt(entry.object, () => remove(identity, entry))));
      return { applied, pruned, failures };
    },
    forget: (id) => void tenants.delete(id),
  };
}

async function listOwned(
  client: Client,
  kinds: readonly Resource[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, DesiredObject>> {
  const labelSelector = `${labels.project}=${PROJECT}`;
  const lists = await Promise.all(
    kinds.map(async (resource) => {
      const { items } = await client.list(resource, { labelSelector, metadataOnly: true, signal });
      return items.map((object) => [identityOf(resource, object), { resource, object }] as const);
    }),
  );
  return new Map(lists.flat());
}

/** Endpoints and EndpointSlices get the labels of their Service, and go with it. */
function isDerived({ metadata }: KubeObject): boolean {
  const writers = metadata?.managedFields ?? [];
  return writers.length > 0 && writers.every(({ manager }) => manager === 'kube-controller-manager');
}

function identityOf(resource: Resource, object: KubeObject): string {
  return `${resource.group}/${resource.kind}/${keyString(keyOf(object))}`;
}

// Status changes move a workload's resourceVersion but not its generation; kinds without status have no generation.
function versionOf(object: KubeObject): string {
  const { uid = '', generation, resourceVersion = '' } = object.metadata ?? {};
  return generation === undefined ? `${uid}/${resourceVersion}` : `${uid}/generation/${generation}`;
}

function hashOf(object: KubeObject): string {
  return createHash('sha256').update(JSON.stringify(object)).digest('base64');
}
