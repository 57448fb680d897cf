/**
 * How long to wait before a tenant is looked into again although nothing happened, in milliseconds. All tenants together cost
 * about three looks a second however many they are: 200 tenants are looked into every minute, 1,000 every five. With few, each
 * gets its two turns (`TENANT_TURNS`) in a minute.
 */
export function tenantCheckIntervalMs(tenants: number): number {
  return Math.min(Math.max(tenants * MS_PER_TENANT, SHORTEST_MS), LONGEST_MS);
}

/**
 * The milliseconds from `now` to the next look at a tenant: each has its own moment in the interval, so that looks are spread
 * evenly also after all tenants were looked into at once, when the manager started.
 */
export function untilNextCheck(uid: string, now: Date, intervalMs: number): number {
  // The first digits of a UID are random.
  const moment = Number.parseInt(uid.slice(0, 8), 16) || 0;
  return intervalMs - ((((now.getTime() - moment) % intervalMs) + intervalMs) % intervalMs);
}

const MS_PER_TENANT = 300;
const SHORTEST_MS = 30_000;
const LONGEST_MS = 300_000;
