import type { DataStoreStatus } from '#api/kamaji/v1alpha1/data-store.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { Driver } from '#datastore/driver.ts';
import { DataStoreError } from '#datastore/errors.ts';
import { tenantNamesOf } from '#datastore/scheduling.ts';
import type { MeasuredUsage, UsageBook } from '#datastore/usage-book.ts';
import type { Clock } from '#runtime/clock.ts';
import { tenantKey } from '../gather.ts';

/** Each tenant that has something there is measured this often at most. */
const againMs = 300_000;
/** So often, while it has nothing there: its API server is about to start, and what it then holds should not be news minutes later. */
const emptyAgainMs = 15_000;
/** About how many passes come in that time: each measures its share, so that a store never has to count them all at once. */
const passes = 30;
/** No pass spends longer on it: the next probe must not wait. */
const budgetMs = 3_000;

export interface MeasuringInput {
  readonly dataStoreName: string;
  readonly tenants: readonly TenantControlPlane[];
  readonly driver: Driver;
  readonly book: UsageBook;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly signal: AbortSignal;
}

/** Measures the tenants whose turn it is, those first that were never measured. Answers what went wrong, which is no matter of the store's readiness. */
export async function measureUsage(input: MeasuringInput): Promise<DataStoreError | undefined> {
  const { dataStoreName, driver, book, clock, signal } = input;
  const tenants = input.tenants.filter(hasData);
  book.retain(dataStoreName, new Set(tenants.map(tenantKey)));
  const began = clock.monotonic();
  const known = book.of(dataStoreName);
  const at = (tenant: TenantControlPlane): number => known.get(tenantKey(tenant))?.at ?? Number.NEGATIVE_INFINITY;
  const every = (tenant: TenantControlPlane): number =>
    known.get(tenantKey(tenant))?.keys === 0 ? emptyAgainMs : againMs;
  const due = tenants
    .filter((tenant) => began - at(tenant) >= every(tenant))
    .toSorted((one, other) => at(one) - at(other));
  for (const tenant of due.slice(0, Math.ceil(tenants.length / passes))) {
    if (clock.monotonic() - began > budgetMs) return undefined;
    try {
      const usage = await driver.usage(tenantNamesOf(tenant), signal);
      book.record(dataStoreName, tenantKey(tenant), { ...usage, at: began });
    } catch (error) {
      if (error instanceof DataStoreError) return error;
      throw error;
    }
  }
  return undefined;
}

export type UsageStatus = NonNullable<DataStoreStatus['usage']>;

/** How many tenants a DataStore's status lists with their usage; metrics have all of them. */
export const LISTED_TENANTS = 20;

/**
 * What the status says of usage: the sum, and the tenants with most bytes; those that have nothing there yet are not listed, so that a new
 * tenant is no write to the DataStore before it has something to show. What it said before stays while nothing changed noticeably, and
 * until every tenant has been measured by this process. Pure.
 */
export function usageStatus(
  before: UsageStatus | undefined,
  tenants: readonly TenantControlPlane[],
  book: ReadonlyMap<string, MeasuredUsage>,
): UsageStatus | undefined {
  const keys = tenants.filter(hasData).map(tenantKey);
  const measured = keys.flatMap((tenantControlPlane) => {
    const usage = book.get(tenantControlPlane);
    return usage === undefined ? [] : [{ tenantControlPlane, keys: usage.keys, bytes: usage.bytes }];
  });
  const filled = measured.filter((one) => one.keys > 0);
  if (measured.length < keys.length || (filled.length === 0 && before === undefined)) return before;
  const after: UsageStatus = {
    keys: measured.reduce((sum, one) => sum + one.keys, 0),
    bytes: measured.reduce((sum, one) => sum + one.bytes, 0),
    largest: filled
      .toSorted((one, other) => other.bytes - one.bytes || (one.tenantControlPlane < other.tenantControlPlane ? -1 : 1))
      .slice(0, LISTED_TENANTS),
  };
  return before !== undefined && !changedNoticeably(before, after, new Set(keys)) ? before : after;
}

/** Less than this is no news, even of a small sum: a tenant that gets its machines and first pods grows by hundreds of keys. */
const noticeable = { keys: 1_000, bytes: 2 ** 20 };

function changedNoticeably(before: UsageStatus, after: UsageStatus, present: ReadonlySet<string>): boolean {
  if (differ(before.keys, after.keys, noticeable.keys) || differ(before.bytes, after.bytes, noticeable.bytes))
    return true;
  const listed = new Map(before.largest?.map((one) => [one.tenantControlPlane, one]));
  if ([...listed.keys()].some((tenant) => !present.has(tenant))) return true;
  if (listed.size < (after.largest ?? []).length) return true;
  return (after.largest ?? []).some(({ tenantControlPlane, bytes }) =>
    differ(listed.get(tenantControlPlane)?.bytes ?? 0, bytes, noticeable.bytes),
  );
}

/** By more than a tenth, and by more than what comes and goes all the time. */
function differ(one: number, other: number, atLeast: number): boolean {
  const difference = Math.abs(one - other);
  return difference >= atLeast && difference > one / 10;
}

function hasData({ status }: TenantControlPlane): boolean {
  return status?.storage?.setup?.schema !== undefined;
}
