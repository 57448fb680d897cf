import { createHash } from 'node:crypto';

/** JSON with the members of every object in one fixed order and undefined members left out: equal values, equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (isPlainObject(member) ? sorted(member) : member)) ?? 'null';
}

/** 128 bits of SHA-256 over the canonical JSON, in hex. */
export function canonicalHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(object: Record<string, unknown>): Record<string, unknown> {
  const names = Object.keys(object).sort();
  // Without a prototype, a member called __proto__ is a member like any other.
  const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const name of names) result[name] = object[name];
  return result;
}
