import { union } from './field-set.ts';
import type { ManagerEntry, Managers } from './managed-fields.ts';
import { managerId, secondsOf } from './managed-fields.ts';

const mostUpdaters = 10;

/**
 * At most ten managers that write otherwise than by apply are remembered; the oldest become one, `ancient-changes`
 * (Kubernetes: `capManagersManager`).
 */
export function withFewUpdaters(managers: Managers): Managers {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  let count = updaters.length;
  if (count <= mostUpdaters) return managers;
  const result = new Map(managers);
  const firstOf = new Map<string, string>();
  for (const [id, entry] of updaters.toSorted(byAge)) {
    if (count <= mostUpdaters) break;
    const { apiVersion } = entry;
    const first = firstOf.get(apiVersion);
    if (first === undefined) {
      firstOf.set(apiVersion, id);
      continue;
    }
    const bucket: ManagerEntry = { ...entry, manager: 'ancient-changes', subresource: '' };
    const bucketId = managerId(bucket);
    const older = result.get(bucketId) ?? result.get(first);
    if (!result.has(bucketId)) result.delete(first);
    result.set(bucketId, { ...bucket, fields: older === undefined ? entry.fields : union(entry.fields, older.fields) });
    result.delete(id);
    count--;
  }
  return result;
}

function byAge([idA, a]: readonly [string, ManagerEntry], [idB, b]: readonly [string, ManagerEntry]): number {
  return secondsOf(a) - secondsOf(b) || (idA < idB ? -1 : 1);
}
