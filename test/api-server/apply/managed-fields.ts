import type { JsonObject } from '../schema/schema-node.ts';
import { isObject } from '../schema/schema-node.ts';
import type { FieldSet } from './field-set.ts';
import { fromFieldsV1, toFieldsV1 } from './field-set.ts';

/** One entry of `metadata.managedFields` (Kubernetes: `ManagedFieldsEntry`). */
export interface ManagerEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  readonly fields: FieldSet;
  /** RFC 3339; an apply that changed nothing leaves none. */
  readonly time: string | undefined;
}

/** Entries by `managerId`. */
export type Managers = ReadonlyMap<string, ManagerEntry>;

/** What makes two writes the same manager; an applier stays the same over versions of the API. */
export function managerId(entry: Pick<ManagerEntry, 'manager' | 'operation' | 'apiVersion' | 'subresource'>): string {
  const { manager, operation, apiVersion, subresource } = entry;
  return JSON.stringify([manager, operation, operation === 'Update' ? apiVersion : '', subresource]);
}

/** The entries of a list of managedFields; none when one of them cannot be read, as in the API server. */
export function readManagers(managedFields: unknown): Managers {
  const managers = new Map<string, ManagerEntry>();
  for (const value of Array.isArray(managedFields) ? managedFields : []) {
    const entry = readEntry(value);
    if (entry === undefined) return new Map();
    managers.set(managerId(entry), entry);
  }
  return managers;
}

function readEntry(value: unknown): ManagerEntry | undefined {
  if (!isObject(value)) return undefined;
  const { manager, operation, apiVersion, subresource, fieldsType, fieldsV1, time } = value;
  if (operation !== 'Apply' && operation !== 'Update') return undefined;
  if (typeof apiVersion !== 'string' || apiVersion === '' || fieldsType !== 'FieldsV1') return undefined;
  return {
    manager: text(manager),
    operation,
    apiVersion,
    subresource: text(subresource),
    fields: fromFieldsV1(fieldsV1),
    time: typeof time === 'string' ? time : undefined,
  };
}

/** The list as it is stored: appliers first, then by time, name, version and subresource. Undefined when empty. */
export function writeManagers(managers: Managers): readonly JsonObject[] | undefined {
  if (managers.size === 0) return undefined;
  return [...managers.values()].toSorted(compareEntries).map((entry) => ({
    ...(entry.manager === '' ? {} : { manager: entry.manager }),
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    ...(entry.time === undefined ? {} : { time: entry.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(entry.fields),
    ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
  }));
}

function compareEntries(a: ManagerEntry, b: ManagerEntry): number {
  return (
    compareText(a.operation, b.operation) ||
    secondsOf(a) - secondsOf(b) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

export function secondsOf({ time }: Pick<ManagerEntry, 'time'>): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
