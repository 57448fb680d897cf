import type { CallOptions, Reader, Writer } from './client.ts';
import { ApiError } from './errors.ts';
import type { KubeObject, ManagedFields, ObjectKey, Resource } from './resource.ts';
import { apiVersionOf } from './resource.ts';

/** Who takes fields over, and from whom: names of field managers. */
export interface Succession {
  readonly fieldManager: string;
  readonly from: readonly string[];
}

/**
 * Makes what other programs have written by update count as applied by `fieldManager`, so that its next apply takes away what it
 * does not mention (Kubernetes: client-go, util/csaupgrade). Without that an apply over their object leaves all of it that it does
 * not mention, for ever. The object itself does not change; one that holds nothing of theirs, or is gone, is left alone.
 */
export async function takeOver<T extends KubeObject>(
  client: Pick<Reader & Writer, 'get' | 'mergePatch'>,
  resource: Resource<T>,
  key: ObjectKey,
  succession: Succession,
  options: CallOptions = {},
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { metadata } = (await client.get(resource, key, options)) ?? {};
    const managedFields = succeeded(metadata?.managedFields ?? [], apiVersionOf(resource), succession);
    if (managedFields === undefined) return;
    try {
      const { resourceVersion } = metadata ?? {};
      await client.mergePatch(resource, key, { metadata: { resourceVersion, managedFields } }, options);
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isConflict || attempt === ATTEMPTS) throw error;
    }
  }
}

const ATTEMPTS = 5;

/** The owners of an object's fields after the succession, or undefined when they stay as they are. */
function succeeded(
  entries: readonly ManagedFields[],
  apiVersion: string,
  { fieldManager, from }: Succession,
): ManagedFields[] | undefined {
  const main = entries.filter(({ subresource = '' }) => subresource === '');
  const theirs = main.filter(({ manager = '', operation }) => operation === 'Update' && from.includes(manager));
  if (theirs.length === 0) return undefined;
  const own = main.filter(({ manager, operation }) => operation === 'Apply' && manager === fieldManager);
  const taken = new Set([...theirs, ...own]);
  const fieldsV1 = [...taken].map((entry) => entry.fieldsV1 ?? {}).reduce(union, {});
  return [
    { manager: fieldManager, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1 },
    ...entries.filter((entry) => !taken.has(entry)),
  ];
}

// A set of fields is a tree of maps that are empty at its leaves (Kubernetes: structured-merge-diff, FieldsV1).
function union(one: object, other: object): object {
  const members = new Map(Object.entries(one));
  for (const [name, member] of Object.entries(other)) {
    const present: unknown = members.get(name);
    members.set(name, isObject(present) && isObject(member) ? union(present, member) : member);
  }
  return Object.fromEntries(members);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
