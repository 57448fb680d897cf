import type { Figure } from './figure.ts';

/** What a suite measures with. */
export interface BenchContext {
  /** Small sizes and few rounds: shows that a suite works, not how fast anything is. */
  readonly quick: boolean;
  readonly signal: AbortSignal;
  /** Says on standard error what is being measured. */
  readonly progress: (text: string) => void;
}

/** Benchmarks that belong together. Every file in `bench/suites/` exports one as `suite` and is found there. */
export interface Suite {
  /** As the command line names it; the file's name. */
  readonly name: string;
  readonly description: string;
  run(context: BenchContext): Promise<readonly Figure[]>;
}
