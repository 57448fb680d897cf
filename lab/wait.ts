import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from './lab-error.ts';
import type { StepOptions } from './progress.ts';

/** The outcome of one look: the value that was waited for, or what is still missing. */
export type Look<T> = { readonly value: T } | { readonly missing: string };

/**
 * Looks about once a second until the value is there, and reports what is missing. A look that throws counts as
 * missing: servers that come up refuse connections first.
 *
 * @throws LabError `TimedOut` that names what was missing last
 */
export async function waitFor<T>(
  what: string,
  timeoutSeconds: number,
  look: () => Promise<Look<T>>,
  { signal, report }: StepOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutSeconds * 1_000;
  for (;;) {
    const seen = await look().catch((error: unknown): Look<T> => ({ missing: firstLine(error) }));
    if ('value' in seen) return seen.value;
    signal.throwIfAborted();
    report(seen.missing);
    if (performance.now() > deadline) {
      throw new LabError('TimedOut', `${what}: not within ${timeoutSeconds} s; last seen: ${seen.missing}`);
    }
    await sleep(1_000, undefined, { signal });
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().split('\n')[0] ?? '';
}
