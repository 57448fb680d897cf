import type { EtcdCalls } from './channel.ts';
import { refusals, tolerate } from './failure.ts';
import { identityKey } from './keys.ts';
import { etcd } from './protocol.ts';

/**
 * Turns an empty etcd that accepts only our client certificates into a store for tenants: gives it its identity, makes the user
 * `root` with the role of the same name, turns authorization on. Every step may already have been done.
 *
 * The identity is a key and not etcd's cluster id, because an etcd that lost its volume comes back with the same cluster id
 * (it is a hash of names): the identity tells the empty store from the full one.
 */
export async function initializeEtcd(channel: EtcdCalls, identity: string, signal: AbortSignal): Promise<void> {
  await channel.call(
    etcd.txn,
    {
      compare: [{ target: 'VERSION', key: identityKey, version: '0' }],
      success: [{ requestPut: { key: identityKey, value: Buffer.from(identity) } }],
    },
    signal,
  );
  await tolerate(
    refusals.userExists,
    channel.call(etcd.userAdd, { name: root, options: { noPassword: true } }, signal),
  );
  await channel.call(etcd.userGrantRole, { user: root, role: root }, signal);
  await channel.call(etcd.authEnable, {}, signal);
}

const root = 'root';
