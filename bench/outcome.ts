import type { Conditions } from './conditions.ts';
import type { Figure } from './figure.ts';

/** What a run of one suite gives, as `--json` prints it and the baseline keeps it. */
export interface Outcome extends Conditions {
  readonly suite: string;
  readonly description: string;
  readonly quick: boolean;
  readonly figures: readonly Figure[];
}
