import { EtcdChannel, type EtcdChannelOptions } from '#datastore/etcd/channel.ts';
import { etcd } from '#datastore/etcd/protocol.ts';

/** Everything that a tenant could leave behind in an etcd. */
export interface EtcdContents {
  readonly keys: readonly string[];
  readonly users: readonly string[];
  readonly roles: readonly string[];
}

/** Lists all keys, users and roles of an etcd under its administrator's credentials. */
export async function readEtcdContents(options: EtcdChannelOptions, signal: AbortSignal): Promise<EtcdContents> {
  const channel = new EtcdChannel(options);
  try {
    // Key and range end of one zero byte: all keys (etcd's KV API, RangeRequest).
    const all = { key: Buffer.from([0]), rangeEnd: Buffer.from([0]), keysOnly: true };
    const { kvs } = await channel.call(etcd.range, all, signal);
    const { users } = await channel.call(etcd.userList, {}, signal);
    const { roles } = await channel.call(etcd.roleList, {}, signal);
    return { keys: kvs.map(({ key }) => key.toString()), users: users.toSorted(), roles: roles.toSorted() };
  } finally {
    channel.close();
  }
}
