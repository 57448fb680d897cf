import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type {
  kubeconfigGeneratorConditions,
  KubeconfigGeneratorConditionType,
  KubeconfigGeneratorReason,
} from '#api/kamaji/v1alpha1/kubeconfig-generator-conditions.ts';
import type { FindingOf } from '#runtime/controller/finding.ts';

/** What a pass found out: a condition of the KubeconfigGenerator. */
export type Finding<T extends KubeconfigGeneratorConditionType = KubeconfigGeneratorConditionType> = FindingOf<
  typeof kubeconfigGeneratorConditions,
  T
>;

/** Why there is no kubeconfig, in the words of the condition Ready. */
export interface Problem {
  readonly reason: KubeconfigGeneratorReason<'Ready'>;
  /** What is so, and what to do about it. */
  readonly message: string;
  /** What to report to the queue, so that the pass is repeated with back-off. */
  readonly error?: Error;
}

/** A tenant that should have a kubeconfig and has none that is up to date. */
export interface Failure {
  readonly tenant: TenantControlPlane;
  readonly problem: Problem;
}
