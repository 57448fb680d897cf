import { open } from 'node:fs/promises';

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

/** An audit log of JSON lines that is still written. */
export interface AuditLog {
  /** The finished requests in it so far, in order. Reads what was added since the last call, and no more. */
  events(): Promise<readonly AuditEvent[]>;
}

export function openAuditLog(path: string): AuditLog {
  const events: AuditEvent[] = [];
  let offset = 0;
  let reading: Promise<void> = Promise.resolve();
  const readOn = async (): Promise<void> => {
    await using file = await open(path);
    for (;;) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(pageBytes), 0, pageBytes, offset);
      const end = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1;
      if (end === 0) {
        if (bytesRead === pageBytes) throw new RangeError(`${path} has a line of more than ${pageBytes} bytes`);
        return;
      }
      events.push(...buffer.toString('utf8', 0, end).split('\n').flatMap(finished));
      offset += end;
    }
  };
  return {
    async events() {
      const last = reading;
      // A failure is told to who asked, not to who asks next.
      const done = last.then(readOn, readOn);
      reading = done;
      await done;
      return [...events];
    },
  };
}

const pageBytes = 4 * 1024 * 1024;

/** Only what tests read is kept: a log has tens of thousands of lines of two kilobytes. */
function finished(line: string): readonly AuditEvent[] {
  if (line === '') return [];
  const { stage, verb, requestURI, user, userAgent, objectRef, responseStatus }: AuditEvent = JSON.parse(line);
  if (stage !== 'ResponseComplete') return [];
  return [
    {
      stage,
      verb,
      requestURI,
      user: { username: user.username },
      ...(userAgent !== undefined && { userAgent }),
      ...(objectRef !== undefined && { objectRef }),
      ...(responseStatus !== undefined && { responseStatus }),
    },
  ];
}
