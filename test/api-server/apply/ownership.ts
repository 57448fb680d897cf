import { isDeepStrictEqual } from 'node:util';
import type { Comparison } from './compare.ts';
import { compare } from './compare.ts';
import type { FieldSet } from './field-set.ts';
import { difference, differenceBelow, emptySet, intersection, isEmptySet, pathsOf, union } from './field-set.ts';
import { fieldSetOf } from './field-set-of.ts';
import type { ManagerEntry, Managers } from './managed-fields.ts';
import { merge } from './merge.ts';
import type { MergeType } from './merge-type.ts';
import type { PathElement } from './path-element.ts';
import { removeFields, withNamedFields } from './remove-fields.ts';

/** What is the same for every step of one write. */
export interface OwnershipContext {
  readonly type: MergeType;
  /** Of the request. Entries of other versions are forgotten: every kind here is served in one version. */
  readonly apiVersion: string;
  /** What the endpoint does not let its callers write, and so not own either. */
  readonly resetFields: FieldSet;
}

/** A field that an apply would take from its owner. */
export interface OwnershipConflict {
  readonly owner: ManagerEntry;
  readonly path: readonly PathElement[];
}

/**
 * The owners after `id` has written `after` over `before`: whoever wrote another value owns it no longer. The entry of
 * `id` itself is left alone. Without `force`, taking a field is a conflict, and nothing else is answered.
 */
function transfer(
  context: OwnershipContext,
  before: unknown,
  after: unknown,
  managers: Managers,
  id: string,
  force: boolean,
):
  | { readonly managers: Managers; readonly changes: Comparison }
  | { readonly conflicts: readonly OwnershipConflict[] } {
  const changes = withoutReset(context, compare(context.type, before, after));
  const written = union(changes.modified, changes.added);
  const owners = [...managers].filter(([, { apiVersion }]) => apiVersion === context.apiVersion);
  const conflicts = owners
    .filter(([owner]) => owner !== id && !force)
    .flatMap(([, owner]) => pathsOf(intersection(owner.fields, written)).map((path) => ({ owner, path })));
  if (conflicts.length > 0) return { conflicts };
  const lost = union(written, changes.removed);
  const left = owners.map(([owner, entry]) => {
    return [owner, owner === id ? entry : { ...entry, fields: difference(entry.fields, lost) }] as const;
  });
  return { managers: new Map(left.filter(([, { fields }]) => !isEmptySet(fields))), changes };
}

function withoutReset({ resetFields }: OwnershipContext, changes: Comparison): Comparison {
  return {
    removed: differenceBelow(changes.removed, resetFields),
    modified: differenceBelow(changes.modified, resetFields),
    added: differenceBelow(changes.added, resetFields),
  };
}

/** The owners after a write that is no apply; `changed` is what it wrote. */
export function ownersAfterUpdate(
  context: OwnershipContext,
  before: unknown,
  after: unknown,
  managers: Managers,
): { readonly managers: Managers; readonly changed: FieldSet } {
  const result = transfer(context, before, after, managers, '', true);
  if ('conflicts' in result) throw new Error('a forced write met a conflict');
  const { managers: owners, changes } = result;
  return { managers: owners, changed: union(changes.modified, changes.added) };
}

export interface AppliedOwnership {
  /** The live object merged with what is applied, without what its manager no longer applies. */
  readonly object: unknown;
  readonly managers: Managers;
  /** Whether `object` says the same as the live one. */
  readonly isSame: boolean;
}

/** What an apply by `entry` (its `fields` are not read) makes of the object and of its owners. */
export function ownersAfterApply(
  context: OwnershipContext,
  live: unknown,
  applied: unknown,
  managers: Managers,
  id: string,
  entry: ManagerEntry,
  force: boolean,
): AppliedOwnership | { readonly conflicts: readonly OwnershipConflict[] } {
  const last = managers.get(id);
  const fields = differenceBelow(fieldSetOf(context.type, applied), context.resetFields);
  const owners = new Map(managers).set(id, { ...entry, fields });
  const merged = merge(context.type, live, applied);
  const object = last === undefined ? merged : prune(context, merged, owners, last);
  const result = transfer(context, live, object, owners, id, force);
  if ('conflicts' in result) return result;
  return { object, managers: result.managers, isSame: isDeepStrictEqual(live, object) };
}

/** `merged` without what was in the manager's last apply and nobody owns now. */
function prune(context: OwnershipContext, merged: unknown, managers: Managers, last: ManagerEntry): unknown {
  const { type, apiVersion } = context;
  if (isEmptySet(last.fields) || last.apiVersion !== apiVersion) return merged;
  const named = (set: FieldSet): FieldSet => withNamedFields(type, set);
  const lastFields = named(last.fields);
  const mergedFields = named(fieldSetOf(type, merged));
  const stripped = named(fieldSetOf(type, removeFields(type, merged, lastFields)));
  const owned = [...managers.values()]
    .filter((entry) => entry.apiVersion === apiVersion)
    .reduce((all, { fields }) => union(all, fields), emptySet);
  // An item or a struct goes as a whole with the last apply; what of it is somebody's comes back.
  const unowned = difference(mergedFields, union(stripped, named(owned)));
  const kept = named(fieldSetOf(type, removeFields(type, merged, unowned)));
  // What was below such an item but in nobody's hands, a default for example, stays where the item stays.
  return removeFields(type, merged, intersection(difference(mergedFields, kept), lastFields));
}
