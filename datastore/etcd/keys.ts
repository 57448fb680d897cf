import type { KeyRange, Permission } from './protocol.ts';

/** The keys of a tenant: everything under `/<schema>/`. Schemas hold no `/`, so no two of these ranges overlap. */
export function tenantRange(schema: string): Required<KeyRange> {
  // '0' is the byte after '/'.
  return { key: Buffer.from(`/${schema}/`), rangeEnd: Buffer.from(`/${schema}0`) };
}

/** What a tenant's role grants: reading and writing its own keys, bounded at both ends. */
export function tenantPermission(schema: string): Permission {
  return { ...tenantRange(schema), permType: 'READWRITE' };
}

/** Whether two permissions grant the same. */
export function samePermission(one: Permission, other: Permission): boolean {
  return one.permType === other.permType && sameRange(one, other);
}

/** Whether two ranges hold the same keys. */
export function sameRange(one: KeyRange, other: KeyRange): boolean {
  return one.key.equals(other.key) && (one.rangeEnd ?? none).equals(other.rangeEnd ?? none);
}

/** Where a store that we run keeps its identity: outside of every tenant's range, since it has no leading `/`. */
export const identityKey = Buffer.from('kamaji.clastix.io/store-identity');

const none = Buffer.alloc(0);
