import { readFile } from 'node:fs/promises';

/** One line of the API server's audit log, as far as tests read it. */
export interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

/** The finished requests in an audit log of JSON lines, in order. */
export async function readAuditEvents(path: string): Promise<readonly AuditEvent[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  const events: AuditEvent[] = lines.map((line) => JSON.parse(line));
  return events.filter(({ stage }) => stage === 'ResponseComplete');
}
