import { type AuditedRequest, readAuditLog } from './cluster/audit.ts';
import { labPaths } from './paths.ts';
import { table } from './table.ts';

const writes = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/**
 * Prints how many requests each user made to the management API server, by verb and resource, from its audit log.
 *
 * @param since minutes back from now
 */
export async function labRequests(since: number, user: string | undefined, onlyWrites: boolean): Promise<void> {
  const counts = new Map<string, number>();
  const start = new Date(Date.now() - since * 60_000);
  for await (const request of readAuditLog(labPaths().auditDirectory, start)) {
    if (user !== undefined && !request.user.includes(user)) continue;
    if (onlyWrites && !writes.has(request.verb)) continue;
    const key = describe(request);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const rows = [...counts].toSorted(([, one], [, other]) => other - one);
  const total = rows.reduce((sum, [, count]) => sum + count, 0);
  const body = rows.map(([key, count]) => [...key.split('\t'), String(count)]);
  console.log(table(['user', 'verb', 'resource', 'code', 'requests'], [...body, ['total', '', '', '', String(total)]]));
}

function describe({ user, verb, resource, subresource, code }: AuditedRequest): string {
  const name = user.replace(/^system:serviceaccount:/, '');
  return [name, verb, subresource === '' ? resource : `${resource}/${subresource}`, String(code)].join('\t');
}
