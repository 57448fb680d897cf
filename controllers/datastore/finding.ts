import type { DataStoreConditionType, DataStoreReason } from '#api/kamaji/v1alpha1/data-store-conditions.ts';

/** What a phase found out: a condition of the DataStore, before it is compared with the present one. */
export interface Finding<T extends DataStoreConditionType = DataStoreConditionType> {
  readonly type: T;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: DataStoreReason<T>;
  /** What is so, and where something is wrong what to do about it. */
  readonly message: string;
}
