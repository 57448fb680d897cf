import type { Settings } from '#controllers/index.ts';
import type { Stage } from '../stage.ts';

/** What users do over a while, with waits between; at its checkpoints, where it waits for rest, states are compared. */
export interface Scenario {
  readonly name: string;
  readonly settings?: Partial<Settings>;
  /** Too long to be played again and again: only ever without trouble. */
  readonly isLong?: boolean;
  /** Control planes are paused in it, so that what others spoil meanwhile stays spoilt. */
  readonly isPausing?: boolean;
  readonly play: (stage: Stage) => Promise<void>;
}
