import type { Delivery } from './exchange.ts';
import type { RequestFault, StreamFault } from './fault.ts';
import type { RequestInfo, WireRequest } from './request.ts';

/** One request as an audit log keeps it. */
export interface RequestRecord {
  /** Milliseconds since the epoch, on the server's clock. */
  readonly time: number;
  readonly user: string;
  readonly userAgent: string;
  readonly verb: RequestInfo['verb'];
  readonly group: string;
  /** Plural; empty for a path that is no resource. */
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  /** HTTP status that was answered; 0 when no answer was. */
  readonly status: number;
  /** Whether anything stored is different after it. */
  readonly changed: boolean;
  /** What was made to go wrong with it. */
  readonly fault?: (RequestFault | StreamFault)['kind'];
}

export function recordOf(
  info: RequestInfo,
  request: WireRequest,
  time: number,
  delivery: Delivery,
  changed: boolean,
  fault: RequestRecord['fault'],
): RequestRecord {
  const { user, verb, group, resource, subresource, namespace, name, path } = info;
  const userAgent = request.userAgent ?? '';
  const status = statusOf(delivery);
  const record = { time, user, userAgent, verb, group, resource, subresource, namespace, name, path, status, changed };
  return fault === undefined ? record : { ...record, fault };
}

function statusOf(delivery: Delivery): number {
  if (delivery.kind === 'watch') return 200;
  return 'answer' in delivery && delivery.kind !== 'cut' ? delivery.answer.code : 0;
}
