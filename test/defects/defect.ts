/** Something that upstream gets wrong, what is done here instead, and how that is known. */
export interface Defect {
  /** Section of the reference of upstream's behaviour. */
  readonly section: string;
  /** As short as it can be said. */
  readonly upstream: string;
  readonly ours: string;
  /** Tests that would fail if it were so here. */
  readonly shownBy: readonly ShownBy[];
  /** What is not done yet. */
  readonly missing?: string;
}

/** A test, or a case of one, by words that stand in its file. */
export type ShownBy = readonly [file: string, test: string];
