import type { EtcdCalls } from './channel.ts';
import { etcd } from './protocol.ts';

/** Below this share of its quota a member has room again: a tenth of it, so that the alarm does not come back with the next write. */
const share = 0.9;

/**
 * Takes back the alarms of members that were full and are not any more, which etcd leaves to its administrator: until then it refuses
 * every write, however much room there is.
 */
export async function withdrawSpaceAlarms(channel: EtcdCalls, signal: AbortSignal): Promise<void> {
  const [{ alarms }, members] = await Promise.all([
    channel.call(etcd.alarm, { action: 'GET' }, signal),
    channel.callEach(etcd.status, {}, signal),
  ]);
  // Before 3.6 members do not tell their quota: whether there is room cannot be known.
  const roomy = members.filter(({ dbSize, dbSizeQuota }) => Number(dbSize) < Number(dbSizeQuota) * share);
  for (const { memberId, alarm } of alarms) {
    if (alarm !== 'NOSPACE' || !roomy.some(({ header }) => header?.memberId === memberId)) continue;
    await channel.call(etcd.alarm, { action: 'DEACTIVATE', memberId, alarm }, signal);
  }
}
