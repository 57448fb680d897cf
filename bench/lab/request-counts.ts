import type { AuditedRequest } from '#lab/cluster/audit.ts';

/** Requests of the manager to the management API server, but for its Lease. */
export interface RequestCounts {
  /** Objects that were not there before, Events aside. */
  readonly created: number;
  /** Changes of objects that were there, their status aside. */
  readonly changed: number;
  readonly statusWrites: number;
  readonly deleted: number;
  readonly events: number;
  readonly reads: number;
  readonly all: number;
}

/** Counts those that came until then. */
export function countRequests(requests: readonly AuditedRequest[], until: Date): RequestCounts {
  const counted = requests.filter(({ time, resource }) => time <= until && resource !== 'leases');
  const kinds = counted.map(kindOf);
  const count = (kind: keyof RequestCounts) => kinds.filter((one) => one === kind).length;
  return {
    created: count('created'),
    changed: count('changed'),
    statusWrites: count('statusWrites'),
    deleted: count('deleted'),
    events: count('events'),
    reads: count('reads'),
    all: counted.length,
  };
}

/** What was written until then, each kind of write with how often, the most frequent first. */
export function describeWrites(requests: readonly AuditedRequest[], until: Date): string {
  const writes = requests.filter(
    (request) => request.time <= until && request.resource !== 'leases' && kindOf(request) !== 'reads',
  );
  const byKind = Map.groupBy(writes, ({ verb, resource, subresource }) =>
    subresource === '' ? `${verb} ${resource}` : `${verb} ${resource}/${subresource}`,
  );
  return [...byKind]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .map(([kind, { length }]) => `${length} ${kind}`)
    .join(', ');
}

function kindOf({ verb, resource, subresource, code }: AuditedRequest): keyof RequestCounts {
  if (verb === 'get' || verb === 'list' || verb === 'watch') return 'reads';
  if (resource === 'events') return 'events';
  if (subresource === 'status') return 'statusWrites';
  if (verb === 'delete' || verb === 'deletecollection') return 'deleted';
  return code === 201 ? 'created' : 'changed';
}
