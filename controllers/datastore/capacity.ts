import type { ProbeResult } from '#datastore/driver.ts';
import { DISK_FULL } from '#datastore/room.ts';
import type { Finding } from './finding.ts';

type Capacity = Finding<'CapacityAvailable'>;

/**
 * Whether a store has room. What it says never changes with every byte: nothing is written to a DataStore while a store only grows.
 * `before` is what was said last: a store that just got below the mark is not yet one with room.
 */
export function capacityOf(probe: ProbeResult, before: string | undefined): Capacity {
  const type = 'CapacityAvailable';
  const no = (reason: Capacity['reason'], message: string): Capacity => ({ type, status: 'False', reason, message });
  const { sizeBytes, quotaBytes, connections, alarms } = probe;
  if (alarms.some((alarm) => alarm.startsWith(DISK_FULL))) {
    return no('StoreFull', 'its disk is full: give the server more disk space, or delete tenants');
  }
  if (isFull(probe)) {
    return no(
      'StoreFull',
      'it refuses writes because it is full: give it more room, compact and defragment it, or delete tenants',
    );
  }
  if (sizeBytes !== undefined && quotaBytes !== undefined && sizeBytes >= quotaBytes * mark(before === 'AlmostFull')) {
    const message = `it holds more than ${percent} % of the ${inMebibytes(quotaBytes)} that it may hold: give it more room, compact and defragment it, or delete tenants`;
    return no('AlmostFull', message);
  }
  if (connections !== undefined && connections.used >= connections.limit * mark(before === 'FewConnectionsLeft')) {
    const message = `more than ${percent} % of its ${connections.limit} connections are in use: allow more, or put new tenants elsewhere`;
    return no('FewConnectionsLeft', message);
  }
  if (alarms.length > 0) return no('AlarmRaised', `it raises alarms: ${alarms.toSorted().join('; ')}`);
  return { type, status: 'True', reason: 'CapacityAvailable', message: 'it takes writes and has room' };
}

/** Whether the store refuses writes for want of room (etcd: alarm NOSPACE). */
export function isFull({ alarms }: ProbeResult): boolean {
  return alarms.some((alarm) => /NOSPACE/u.test(alarm));
}

const percent = 90;

function mark(wasBeyond: boolean): number {
  return (wasBeyond ? percent - 5 : percent) / 100;
}

function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
