import { immutable, rule } from '../../schema/rule.ts';
import { string } from '../../schema/schema.ts';

// Names that some kind of store uses itself (`datastore/naming.ts` knows which, and the lengths that each takes).
const reserved = [
  'root',
  'postgres',
  'template0',
  'template1',
  'mysql',
  'sys',
  'information_schema',
  'performance_schema',
];

/** Name of a tenant's schema or user in its store, an identifier that no store has to quote; an empty one stands for none. */
export function storeName(field: string, description: string, { isFixed }: { readonly isFixed: boolean }) {
  return string(description, {
    maxLength: 253,
    rules: [
      rule(
        "self == '' || self.matches('^[A-Za-z0-9_][A-Za-z0-9_.-]*$') && " +
          `!(self.lowerAscii() in [${reserved.map((name) => `'${name}'`).join(', ')}])`,
        `${field} {self} cannot be a name in a store: use letters, digits, _, - and ., beginning with none of the last ` +
          'two, and none of the names that stores use themselves',
      ),
      ...(isFixed ? [immutable(field)] : []),
    ],
  });
}
