import type { dataStoreConditions, DataStoreConditionType } from '#api/kamaji/v1alpha1/data-store-conditions.ts';
import type { FindingOf } from '#runtime/controller/finding.ts';

/** What a phase found out: a condition of the DataStore. */
export type Finding<T extends DataStoreConditionType = DataStoreConditionType> = FindingOf<
  typeof dataStoreConditions,
  T
>;
