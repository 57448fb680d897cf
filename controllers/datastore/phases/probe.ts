import { randomUUID } from 'node:crypto';
import type { DataStore } from '#api/kamaji/v1alpha1/data-store.ts';
import type { Driver, IsolationProblem, ProbeResult } from '#datastore/driver.ts';
import { DataStoreError } from '#datastore/errors.ts';
import type { DataStorePool } from '#datastore/pool.ts';
import { DataStoreConfigError } from '#datastore/resolve.ts';
import type { Clock } from '#runtime/clock.ts';

/** What asking a store came to. */
export type StoreAnswer =
  | { readonly kind: 'answer'; readonly driver: Driver; readonly probe: ProbeResult; readonly isolation: Isolation }
  | { readonly kind: 'failure'; readonly error: DataStoreError }
  /** The DataStore itself is incomplete: there was nobody to ask. */
  | { readonly kind: 'invalid'; readonly error: DataStoreConfigError }
  /** A managed store that does not run yet: it was not asked. */
  | { readonly kind: 'waiting' };

/** What breaks the isolation of the tenants of a store, or why nobody knows. */
export type Isolation = readonly IsolationProblem[] | DataStoreError;

export interface Prober {
  /**
   * Asks the store, unless it answered well a moment ago; sets a managed store up that answers for the first time. Throws only what is
   * no statement about the store, such as an API server that does not give out Secrets.
   */
  ask(dataStore: DataStore, signal: AbortSignal): Promise<StoreAnswer>;
  forget(name: string): void;
}

/** Passes that other events cause do not ask a store again that answered less than this ago. */
const freshMs = 5_000;
/** How long what was found about a store's version and configuration counts, unless its version changes. */
const isolationMs = 300_000;

interface Answer {
  readonly at: number;
  readonly driver: Driver;
  readonly probe: ProbeResult;
  readonly isolation: Isolation;
  readonly isolationAt: number;
}

/** Asks stores over the shared pool. */
export function createProber(pool: DataStorePool, clock: Pick<Clock, 'monotonic'>): Prober {
  const answers = new Map<string, Answer>();
  const failed = new Set<string>();

  return {
    async ask(dataStore, signal) {
      const name = dataStore.metadata.name ?? '';
      try {
        const { driver } = await pool.connect(dataStore, { signal, fresh: failed.has(name) });
        const last = answers.get(name);
        if (last?.driver === driver && clock.monotonic() - last.at < freshMs) return answerOf(last);
        const probe = await probeOrInitialize(dataStore, driver, signal);
        const known =
          last?.driver === driver &&
          last.probe.version === probe.version &&
          !(last.isolation instanceof DataStoreError) &&
          clock.monotonic() - last.isolationAt < isolationMs;
        const isolation = known ? last.isolation : await isolationOf(driver, signal);
        const at = clock.monotonic();
        const answer = { at, driver, probe, isolation, isolationAt: known ? last.isolationAt : at };
        answers.set(name, answer);
        failed.delete(name);
        return answerOf(answer);
      } catch (error) {
        answers.delete(name);
        failed.add(name);
        if (error instanceof DataStoreError) return { kind: 'failure', error };
        if (error instanceof DataStoreConfigError) return { kind: 'invalid', error };
        throw error;
      }
    },
    forget(name) {
      answers.delete(name);
      failed.delete(name);
      pool.forget(name);
    },
  };
}

function answerOf({ driver, probe, isolation }: Answer): StoreAnswer {
  return { kind: 'answer', driver, probe, isolation };
}

async function isolationOf(driver: Driver, signal: AbortSignal): Promise<Isolation> {
  try {
    return await driver.isolationProblems(signal);
  } catch (error) {
    if (error instanceof DataStoreError) return error;
    throw error;
  }
}

async function probeOrInitialize(dataStore: DataStore, driver: Driver, signal: AbortSignal): Promise<ProbeResult> {
  const probe = await driver.probe(signal);
  if (probe.authorizationEnabled || dataStore.spec.managed === undefined || driver.initialize === undefined)
    return probe;
  // Also when an old store comes back empty: until authorization is on, everyone with a certificate may do everything.
  await driver.initialize(randomUUID(), signal);
  return driver.probe(signal);
}
