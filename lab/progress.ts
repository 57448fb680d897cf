/** What every long step of the lab takes. */
export interface StepOptions {
  /** Ends the step: running children are killed and the step rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** One short line of plain text on what is happening now; may be called often. */
  readonly report: (text: string) => void;
}
