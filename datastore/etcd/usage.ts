import type { TenantNames, TenantUsage } from '../driver.ts';
import type { EtcdCalls } from './channel.ts';
import { tenantRange } from './keys.ts';
import { etcd, type KeyRange } from './protocol.ts';

/**
 * Counts the keys of a tenant and adds up their bytes (keys and values), all as of one revision. The values of at most
 * {@link sampledValues} keys are read; of more keys, the first ones of each page stand for the page.
 */
export async function usageOfEtcdTenant(
  channel: EtcdCalls,
  { schema }: TenantNames,
  signal: AbortSignal,
): Promise<TenantUsage> {
  const range = tenantRange(schema);
  const { count, header } = await channel.call(etcd.range, { ...range, countOnly: true }, signal);
  const keys = Number(count);
  const at: Snapshot = { channel, signal, ...(header === null ? {} : { revision: header.revision }) };
  const perPage = Math.max(1, Math.floor(sampledValues / Math.ceil(Math.max(1, keys) / pageOfKeys)));
  let bytes = 0;
  for (let from: Buffer | undefined = range.key; from !== undefined;) {
    const page: Page = await readPage(at, { ...range, key: from }, Math.min(perPage, pageOfKeys));
    bytes += page.bytes;
    from = page.next;
  }
  return { keys, bytes: Math.round(bytes) };
}

interface Snapshot {
  readonly channel: EtcdCalls;
  readonly revision?: string;
  readonly signal: AbortSignal;
}

interface Page {
  readonly bytes: number;
  /** The first key of the next page. */
  readonly next: Buffer | undefined;
}

/** Bytes of the next {@link pageOfKeys} keys, of which `samples` values are looked at. */
async function readPage({ channel, signal, ...at }: Snapshot, range: KeyRange, samples: number): Promise<Page> {
  const { kvs, more } = await channel.call(etcd.range, { ...range, ...at, limit: pageOfKeys, keysOnly: true }, signal);
  const ofKeys = kvs.reduce((sum, { key }) => sum + key.length, 0);
  let seen = 0;
  let ofValues = 0;
  while (seen < Math.min(samples, kvs.length)) {
    const key = kvs[seen]?.key ?? range.key;
    const limit = Math.min(pageOfValues, samples - seen, kvs.length - seen);
    const { kvs: read } = await channel.call(etcd.range, { ...range, ...at, key, limit }, signal);
    if (read.length === 0) break;
    seen += read.length;
    ofValues += read.reduce((sum, { value }) => sum + value.length, 0);
  }
  const last = kvs.at(-1);
  return {
    bytes: ofKeys + (seen === 0 ? 0 : (ofValues * kvs.length) / seen),
    next: more && last !== undefined ? Buffer.concat([last.key, Buffer.of(0)]) : undefined,
  };
}

const pageOfKeys = 1_000;
// A value has up to 1.5 MiB, and nothing tells its size before it is read: so few at once fit into memory whatever they are.
const pageOfValues = 32;
const sampledValues = 2_000;
