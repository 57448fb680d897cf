/**
 * Something measured in a process of its own, so that neither memory nor compiled code of anything else is in the
 * figure. `Input`, `Output`, `Pause` and `Resume` travel between the processes as JSON.
 */
export interface Measurement<Input, Output, Pause = void, Resume = void> {
  /** URL of the module whose export `measurement` this is. */
  readonly module: string;
  /** Runs in the child. `pause` tells the parent that a point is reached and resolves when the parent has done its part. */
  readonly run: (input: Input, pause: (payload: Pause) => Promise<Resume>) => Promise<Output>;
}

/** To be exported as `measurement`, with `import.meta.url`. What it measures, it imports when it runs. */
export function defineMeasurement<Input, Output, Pause = void, Resume = void>(
  module: string,
  run: Measurement<Input, Output, Pause, Resume>['run'],
): Measurement<Input, Output, Pause, Resume> {
  return { module, run };
}

/** What goes to the child ... */
export type ToChild = { readonly input: unknown } | { readonly resume: unknown };

/** ... and what comes from it. */
export type FromChild = { readonly pause: unknown } | { readonly output: unknown } | { readonly failure: string };
