import type { ManagerEntry } from './managed-fields.ts';
import type { OwnershipConflict } from './ownership.ts';
import { printPath } from './path-element.ts';

/** A field that another manager has set to another value. */
export interface ApplyConflict {
  /** As the API server quotes it in a cause's message, after `conflict with `: `"name" using apps/v1`. */
  readonly manager: string;
  /** As in a cause's `field`: `.spec.replicas`. */
  readonly field: string;
}

/** The conflicts as the API server words them, by manager. */
export function worded(conflicts: readonly OwnershipConflict[]): readonly ApplyConflict[] {
  const list = conflicts.map(({ owner, path }) => ({ manager: printManager(owner), field: printPath(path) }));
  return list.toSorted(compareConflicts);
}

/** `Apply failed with ...`, the message of the Status that refuses an apply. */
export function conflictMessage(conflicts: readonly ApplyConflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${first.manager}: ${first.field}`;
  }
  const managers = [...new Set(conflicts.map(({ manager }) => manager))];
  const lines = managers.flatMap((manager) => {
    const fields = conflicts.filter((one) => one.manager === manager).map(({ field }) => `- ${field}`);
    return [`conflicts with ${manager}:`, ...fields];
  });
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

function printManager({ manager, operation, apiVersion, subresource }: ManagerEntry): string {
  const name = JSON.stringify(manager);
  const part = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  return `${name}${part}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}

function compareConflicts(a: ApplyConflict, b: ApplyConflict): number {
  return a.manager < b.manager ? -1 : a.manager > b.manager ? 1 : 0;
}
