import type { Client } from '#runtime/client/client.ts';
import type { KubeObject, ObjectKey, Resource } from '#runtime/client/resource.ts';
import type { Memory } from './look-at-tenant.ts';
import { LookAtTenant } from './look-at-tenant.ts';
import type { ObjectOf } from './observed.ts';

/** An object that should be in a tenant, with the coordinates of its kind. */
export type DesiredObject = ObjectOf;

/** What one look at a tenant's objects came to. */
export interface OwnedObjectsResult {
  readonly applied: number;
  readonly pruned: number;
  /** Writes that failed; the others were done all the same. */
  readonly failures: readonly { readonly object: KubeObject; readonly error: unknown }[];
}

/** What should be in a tenant. */
export interface Plan<Notes> {
  readonly desired: readonly DesiredObject[];
  /** What the caller wants to be told at the next look at the same tenant. */
  readonly notes: Notes | undefined;
  /** Leave what is not desired where it is, for once. */
  readonly keepOthers?: boolean;
}

/** What a plan may depend on. */
export interface Look<Notes> {
  /** Changes when the object does; undefined for what does not carry our mark, or is not there. */
  readonly versionOf: (resource: Resource, key: ObjectKey) => string | undefined;
  /** Of the last look; undefined at the first. */
  readonly notes: Notes | undefined;
}

export interface OwnedObjectsOptions {
  readonly fieldManager: string;
  /** Annotation on every applied object that holds the hash of what was last applied. */
  readonly hashAnnotation: string;
  /** Namespaces inside a tenant that we have objects in. */
  readonly namespaces: readonly string[];
  /** Every kind that we ever own inside a tenant, in groups: looks take turns between them. */
  readonly turns: readonly (readonly Resource[])[];
}

/**
 * Keeps the objects that we own inside tenants as desired: what is missing, was changed by somebody or is wanted
 * differently is applied; what carries our label and is not wanted any more is deleted, unless the tenant's own controllers
 * made it or it belongs to a control plane that is hosted inside the tenant.
 *
 * A look at an untouched tenant costs one metadata list per kind of one turn, and no write. One that finds something amiss, and
 * the one after it, look at all kinds. The first look of a process reads everything in full, so that it need not write either; but
 * at a tenant that is `new`, in which there should be nothing of ours, it applies at once, and the one after it sees what there was
 * all the same. Of one that is `unchanged` the plan would be what it was at the last look if the tenant has the same objects: where it
 * has, nothing is planned.
 */
export interface OwnedObjects<Notes> {
  ensure(
    id: string,
    client: Client,
    plan: (look: Look<Notes>) => Promise<Plan<Notes>>,
    signal: AbortSignal,
    tenant?: 'new' | 'known' | 'unchanged',
  ): Promise<OwnedObjectsResult>;
  /** Drops what is remembered of a tenant. */
  forget(id: string): void;
}

export function createOwnedObjects<Notes = never>(options: OwnedObjectsOptions): OwnedObjects<Notes> {
  const tenants = new Map<string, Memory<Notes>>();
  return {
    async ensure(id, client, plan, signal, tenant = 'known') {
      const remembered = tenants.get(id);
      const memory = remembered ?? { settled: new Map(), notes: undefined, turn: undefined };
      const blindly = remembered === undefined && tenant === 'new';
      const samePlan = tenant === 'unchanged';
      const result = await new LookAtTenant(options, memory, client, signal).run(plan, { blindly, samePlan });
      tenants.set(id, memory);
      return result;
    },
    forget: (id) => void tenants.delete(id),
  };
}
