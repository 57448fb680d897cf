import type { RequestFault, StreamFault } from './fault.ts';
import type { RequestInfo } from './request.ts';
import type { WatchStream } from './watch-stream.ts';

/** Which requests a fault strikes; what is left out is not looked at. */
export interface FaultMatcher {
  readonly verb?: RequestInfo['verb'];
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly user?: string;
  /** Whether the request is for a further page of a list. */
  readonly continuing?: boolean;
  readonly where?: (request: RequestInfo) => boolean;
}

export interface Script extends FaultMatcher {
  /** How many requests. Default 1; Infinity: all, until cancelled. */
  readonly times?: number;
  /** How many matching ones go unharmed before. Default 0. */
  readonly skip?: number;
}

export interface ScriptedFault {
  /** How often it has struck. */
  readonly struck: number;
  cancel(): void;
}

/** The script of what goes wrong. Of several faults that match a request the one that was added first strikes. */
export interface Faults {
  /** Strikes the next requests that match. */
  next(fault: RequestFault | StreamFault, on?: Script): ScriptedFault;
  /** Strikes the watches that are open now; answers how many. */
  now(fault: StreamFault, on?: FaultMatcher): number;
  /** Faults that have not struck as often as they are to. */
  pending(): number;
  /** Forgets all that has not struck. */
  clear(): void;
}

interface Entry {
  readonly fault: RequestFault | StreamFault;
  readonly on: Script;
  skip: number;
  left: number;
  struck: number;
}

export class FaultScript implements Faults {
  readonly #openWatches: () => Iterable<WatchStream>;
  #entries: Entry[] = [];

  constructor(openWatches: () => Iterable<WatchStream>) {
    this.#openWatches = openWatches;
  }

  next(fault: RequestFault | StreamFault, on: Script = {}): ScriptedFault {
    const entry: Entry = { fault, on, skip: on.skip ?? 0, left: on.times ?? 1, struck: 0 };
    this.#entries.push(entry);
    return {
      get struck() {
        return entry.struck;
      },
      cancel: () => this.#drop(entry),
    };
  }

  now(fault: StreamFault, on: FaultMatcher = {}): number {
    const struck = [...this.#openWatches()].filter(({ info }) => matches(on, info));
    for (const stream of struck) stream.fault(fault);
    return struck.length;
  }

  pending(): number {
    return this.#entries.length;
  }

  clear(): void {
    this.#entries = [];
  }

  /** The fault that strikes this request, if any. */
  take(info: RequestInfo): RequestFault | StreamFault | undefined {
    if (this.#entries.length === 0) return undefined;
    for (const entry of this.#entries) {
      if (isStreamFault(entry.fault) && info.verb !== 'watch') continue;
      if (!matches(entry.on, info)) continue;
      if (entry.skip > 0) {
        entry.skip--;
        continue;
      }
      entry.struck++;
      if (--entry.left <= 0) this.#drop(entry);
      return entry.fault;
    }
    return undefined;
  }

  #drop(entry: Entry): void {
    this.#entries = this.#entries.filter((one) => one !== entry);
  }
}

export function isStreamFault(fault: RequestFault | StreamFault): fault is StreamFault {
  return fault.kind.startsWith('watch-');
}

const compared = ['verb', 'group', 'resource', 'subresource', 'namespace', 'name', 'user'] as const;

function matches(on: FaultMatcher, info: RequestInfo): boolean {
  if (compared.some((field) => on[field] !== undefined && on[field] !== info[field])) return false;
  if (on.continuing !== undefined && on.continuing !== info.query.has('continue')) return false;
  return on.where?.(info) ?? true;
}
