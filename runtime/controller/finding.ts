/** Condition types of a kind, each with the closed list of its reasons. */
type Reasons = Readonly<Record<string, readonly string[]>>;

/** What a phase of a pass found out: a condition, before it is compared with the one that the object has. */
export interface FindingOf<R extends Reasons, T extends keyof R = keyof R> {
  readonly type: T;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: R[T][number];
  /** What is so, and where something is wrong what to do about it. */
  readonly message: string;
}

/** A phase's finding, and what it hands to later phases: no value when it has to wait or failed. */
export interface OutcomeOf<F, V> {
  readonly finding: F;
  readonly value?: V;
  /** Look again after this time although nothing may happen: for causes that no watch reports. */
  readonly requeueAfterMs?: number;
  /** What to report to the queue as a failure, so that the pass is repeated with back-off. */
  readonly error?: Error;
}

/** Causes outside of what we watch are looked for again this often: a freed node port, a deleted Secret of somebody else. */
export const RECHECK_MS = 10_000;

/** What was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The message of what was thrown. */
export function messageOf(thrown: unknown): string {
  return asError(thrown).message;
}
