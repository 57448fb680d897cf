import type { Clock } from '#runtime/clock.ts';
import type { Driver } from './driver.ts';
import { DataStoreError } from './errors.ts';

/** What the alarm begins with that a store without room has raised for it; the server's own words follow. */
export const DISK_FULL = 'NOSPACE (disk full)';

/** How often a store that says nothing by itself is asked whether it has room. */
const againMs = 60_000;
/** Some servers wait for room instead of saying that there is none. */
const patienceMs = 10_000;

/**
 * A driver whose probes raise the alarm NOSPACE while the store has no room, where the store itself says nothing of that until somebody
 * writes: looked at every minute, with every probe while there is none, and with the next one after a call failed for want of it.
 */
export function withRoom(driver: Driver, clock: Pick<Clock, 'monotonic'>): Driver {
  if (driver.tryRoom === undefined) return driver;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let lack: string | undefined;
  async function look(signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.timeout(patienceMs);
    try {
      await driver.tryRoom?.(AbortSignal.any([signal, limit]));
      lack = undefined;
    } catch (error) {
      if (limit.aborted && !signal.aborted) {
        throw new DataStoreError('Timeout', `it answers, but took nothing in within ${patienceMs / 1_000} s`, {
          cause: error,
        });
      }
      if (!(error instanceof DataStoreError)) throw error;
      // Any other failure says nothing about room; the next probe meets it, too.
      if (error.code === 'QuotaExceeded') lack = error.message;
    }
    lookedAt = clock.monotonic();
  }
  async function watched<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof DataStoreError && error.code === 'QuotaExceeded') lookedAt = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }
  return Object.freeze<Driver>({
    ...driver,
    async probe(signal) {
      const result = await driver.probe(signal);
      if (result.missingRights.length > 0) return result;
      if (lack !== undefined || clock.monotonic() - lookedAt >= againMs) await look(signal);
      return lack === undefined ? result : { ...result, alarms: [...result.alarms, `${DISK_FULL}: ${lack}`] };
    },
    ensureTenant: (tenant, signal) => watched(() => driver.ensureTenant(tenant, signal)),
    dropTenant: (tenant, signal) => watched(() => driver.dropTenant(tenant, signal)),
  });
}
