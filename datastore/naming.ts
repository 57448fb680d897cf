import { DataStoreError } from './errors.ts';
import type { DriverName, TenantNames } from './driver.ts';

/**
 * The names of a new tenant in its store: the schema is the object's UID, the user the UID without hyphens (32 characters,
 * which every store takes). They are written into the spec before first use; from then on the spec is what counts.
 */
export function defaultTenantNames(uid: string): TenantNames {
  return { schema: uid, user: uid.replaceAll('-', '') };
}

/**
 * Throws `InvalidName` unless both names can be used on this kind of store without any quoting: letters, digits, `_`, `-`
 * and (not on NATS) `.`; no leading hyphen or dot; no name that the store itself uses. In particular no `/`: in etcd the
 * schema `a` would contain the schema `a/b`.
 */
export function assertTenantNames(driver: DriverName, names: TenantNames): void {
  const rule = rules[driver];
  check('schema', names.schema, rule.schema, rule.reserved);
  check('user', names.user, rule.user, rule.reserved);
}

interface NameRule {
  readonly schema: RegExp;
  readonly user: RegExp;
  readonly reserved: readonly string[];
}

// Longest names: MySQL 8.0 reference 11.2.1 and 8.2.6 (64), MariaDB's Identifier Names (80), PostgreSQL NAMEDATALEN - 1 (63). etcd has no limit of its
// own; 253 holds every `namespace_name` that upstream Kamaji ever generated up to the length of an etcd-safe path part.
const rules: Readonly<Record<DriverName, NameRule>> = {
  etcd: { schema: identifier(253), user: identifier(253), reserved: ['root'] },
  PostgreSQL: {
    // kine asks for the database in small letters.
    schema: /^[a-z0-9_][a-z0-9_.-]{0,62}$/u,
    user: identifier(63),
    reserved: ['postgres', 'template0', 'template1'],
  },
  MySQL: {
    schema: identifier(64),
    // MySQL has room for 32, as it says itself; MariaDB for 80, and upstream Kamaji made users of 36.
    user: identifier(80),
    reserved: ['root', 'mysql', 'sys', 'information_schema', 'performance_schema', 'kamaji'],
  },
  NATS: { schema: /^[A-Za-z0-9_][A-Za-z0-9_-]{0,252}$/u, user: identifier(253), reserved: [] },
};

function identifier(maxLength: number): RegExp {
  return new RegExp(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,${maxLength - 1}}$`, 'u');
}

function check(what: string, value: string, pattern: RegExp, reserved: readonly string[]): void {
  if (!pattern.test(value)) {
    throw new DataStoreError(
      'InvalidName',
      `${what} ${JSON.stringify(value)} is not a name of the form ${pattern.source}`,
    );
  }
  if (reserved.includes(value.toLowerCase())) {
    throw new DataStoreError('InvalidName', `${what} ${JSON.stringify(value)} is a name that the store itself uses`);
  }
}
