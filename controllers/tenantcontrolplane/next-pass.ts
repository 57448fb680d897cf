import type { Result } from '#runtime/controller/reconciler.ts';

/** What may call for another pass although nothing happens. */
export interface NextPassInput {
  readonly now: Date;
  readonly waitsMs: readonly number[];
  /** When certificates are due. */
  readonly renewals: readonly (Date | undefined)[];
}

/**
 * When to look again. A renewal that was due already does not count: what this pass could renew it has renewed, and the
 * rest, which ends with an authority of the user, no pass can make last longer.
 */
export function nextPass({ now, waitsMs, renewals }: NextPassInput): Result {
  const untilRenewals = renewals.flatMap((at) => (at === undefined ? [] : [at.getTime() - now.getTime()]));
  const waits = [...waitsMs, ...untilRenewals.filter((ms) => ms > 0)];
  return waits.length === 0 ? {} : { requeueAfterMs: Math.min(...waits) };
}
