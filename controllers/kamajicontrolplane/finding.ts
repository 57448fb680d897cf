import type {
  kamajiControlPlaneConditions,
  KamajiControlPlaneConditionType,
} from '#api/controlplane/v1alpha2/conditions.ts';
import type { FindingOf, OutcomeOf } from '#runtime/controller/finding.ts';

/** What a phase found out: a condition of the KamajiControlPlane. */
export type Finding<T extends KamajiControlPlaneConditionType = KamajiControlPlaneConditionType> = FindingOf<
  typeof kamajiControlPlaneConditions,
  T
>;

/** A phase's finding, and what it hands to later phases. */
export type Outcome<V, T extends KamajiControlPlaneConditionType = KamajiControlPlaneConditionType> = OutcomeOf<
  Finding<T>,
  V
>;
