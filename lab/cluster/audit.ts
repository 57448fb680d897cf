import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';

/** Where the audit directory is mounted in the node and in the API server's pod. */
export const auditMountPath = '/etc/kubernetes/audit';

/** One finished request to the management API server (`audit.k8s.io/v1` Event, level Metadata). */
export interface AuditedRequest {
  readonly time: Date;
  readonly verb: string;
  readonly user: string;
  /** The pod whose ServiceAccount token was used, of the user's namespace; empty for other users. */
  readonly pod: string;
  readonly userAgent: string;
  /** Empty for the core group. */
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
}

/**
 * Audit policy of the management API server: every request that names a resource, without bodies, except the nodes' own
 * and Events' chatter. Source: Kubernetes `audit.k8s.io/v1` Policy.
 */
export function auditPolicy(): string {
  return stringify({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    omitManagedFields: true,
    rules: [
      { level: 'None', userGroups: ['system:nodes'] },
      { level: 'None', nonResourceURLs: ['*'] },
      { level: 'None', users: ['system:apiserver'] },
      { level: 'Metadata' },
    ],
  });
}

/**
 * Reads the requests that the management API server has logged since `since`, oldest first. Lines that are cut short,
 * as the last one may be, are passed over.
 */
export async function* readAuditLog(auditDirectory: string, since: Date = new Date(0)): AsyncGenerator<AuditedRequest> {
  // A full log is set aside under its name and the time: it sorts before the present one.
  const names = (await readdir(auditDirectory)).filter((name) => /^audit.*\.log$/.test(name)).toSorted();
  for (const name of names) {
    const lines = createInterface({ input: createReadStream(join(auditDirectory, name)), crlfDelay: Infinity });
    for await (const line of lines) {
      const request = parseAuditLine(line);
      if (request !== undefined && request.time >= since) yield request;
    }
  }
}

/** The request that one line of the audit log describes; `undefined` for a line that is none. */
export function parseAuditLine(line: string): AuditedRequest | undefined {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRecord(event)) return undefined;
  const object = isRecord(event['objectRef']) ? event['objectRef'] : {};
  const user = isRecord(event['user']) ? event['user'] : {};
  const extra = isRecord(user['extra']) ? user['extra'] : {};
  const response = isRecord(event['responseStatus']) ? event['responseStatus'] : {};
  return Object.freeze({
    time: new Date(text(event['requestReceivedTimestamp'])),
    verb: text(event['verb']),
    user: text(user['username']),
    pod: text([extra['authentication.kubernetes.io/pod-name']].flat()[0]),
    userAgent: text(event['userAgent']),
    apiGroup: text(object['apiGroup']),
    resource: text(object['resource']),
    subresource: text(object['subresource']),
    namespace: text(object['namespace']),
    name: text(object['name']),
    code: typeof response['code'] === 'number' ? response['code'] : 0,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
