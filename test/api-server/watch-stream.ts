import type { Clock } from '#runtime/clock.ts';
import type { StreamFault } from './fault.ts';
import type { ApiObject } from './object.ts';
import type { Presentation } from './presentation.ts';
import type { RequestInfo } from './request.ts';
import type { Matches } from './selection.ts';
import { apiVersionOf, collectionOf } from './served-kind.ts';
import type { ServedKind } from './served-kind.ts';
import { statusOf } from './status.ts';
import type { Status } from './status.ts';
import type { Change, Store } from './store.ts';

/** The wire as a watch sees it; after `end` or `reset` nothing comes any more. */
export interface StreamSink {
  write(text: string): void;
  end(): void;
  /** Breaks the connection. */
  reset(): void;
}

export interface WatchOptions {
  readonly info: RequestInfo;
  readonly kind: ServedKind;
  readonly matches: Matches;
  readonly present: Presentation;
  /** Undefined: begin with what there is now. */
  readonly since: bigint | undefined;
  readonly bookmarks: boolean;
  readonly bookmarkIntervalMs: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly store: Store;
  /** Called when it has begun, and once when it is over. */
  readonly opened: (stream: WatchStream) => void;
  readonly closed: (stream: WatchStream) => void;
}

/** The last bookmark comes that long before a watch ends. */
const beforeEndMs = 2_000;

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

/** One open watch: turns changes of the store into the events of its selection. */
export class WatchStream {
  readonly info: RequestInfo;
  readonly #options: WatchOptions;
  readonly #collection: string;
  readonly #prefix: string;
  readonly #timers: (() => void)[] = [];
  readonly #faults: StreamFault[] = [];
  #sink: StreamSink | undefined;
  #delivered = 0;
  #silent = false;

  constructor(options: WatchOptions) {
    this.info = options.info;
    this.#options = options;
    this.#collection = collectionOf(options.kind);
    this.#prefix = options.kind.namespaced && options.info.namespace !== '' ? `${options.info.namespace}/` : '';
  }

  /** Sends what has happened already; from then on `observe` sends the rest. */
  start(sink: StreamSink): void {
    this.#sink = sink;
    const { store, since, clock, timeoutMs, bookmarks } = this.#options;
    this.#timers.push(clock.setTimeout(() => this.#silent || this.end(), timeoutMs));
    if (bookmarks) this.#bookmarkLater();
    this.#strike();
    if (since === undefined) this.#sendPresent();
    else {
      const changes = store.changesSince(since);
      if (changes === undefined) this.#fail(tooOld(since, store.compacted));
      else for (const change of changes) this.observe(change);
    }
    if (this.#sink !== undefined) this.#options.opened(this);
  }

  observe(change: Change): void {
    if (this.#sink === undefined) return;
    if (change.collection !== this.#collection || !change.key.startsWith(this.#prefix)) return;
    const { before, after, revision } = change;
    const { matches, since = 0n } = this.#options;
    if (revision <= since) return;
    const was = before !== undefined && matches(before);
    const is = after !== undefined && matches(after);
    if (is) this.#send(was ? 'MODIFIED' : 'ADDED', after);
    else if (was) this.#send('DELETED', atRevision(before, revision));
  }

  /** Adds a fault, which strikes at its time: at once if that has come. */
  fault(fault: StreamFault): void {
    this.#faults.push(fault);
    if (this.#sink !== undefined) this.#strike();
  }

  /** Ends the watch as the server does when its time is over. */
  end(): void {
    this.#close((sink) => sink.end());
  }

  /** To be called when the other side has gone. */
  abandoned(): void {
    this.#close(() => {});
  }

  #sendPresent(): void {
    for (const object of this.#options.store.list(this.#collection, this.#prefix)) {
      if (this.#sink !== undefined && this.#options.matches(object)) this.#send('ADDED', object);
    }
  }

  #send(type: EventType, object: ApiObject): void {
    const line = event(type, this.#options.present.object(object));
    const index = this.#faults.findIndex((one) => isOfEvent(one) && this.#isDue(one));
    const [fault] = index === -1 ? [] : this.#faults.splice(index, 1);
    if (fault?.kind === 'watch-withheld') {
      this.end();
      return;
    }
    if (fault?.kind === 'watch-truncated') {
      this.#write(line.slice(0, Math.floor(line.length / 2)));
      this.end();
      return;
    }
    this.#write(line);
    if (fault?.kind === 'watch-duplicate') this.#write(line);
    this.#delivered++;
    this.#strike();
  }

  /** Carries out the faults that need no event to strike at. */
  #strike(): void {
    for (;;) {
      const index = this.#faults.findIndex((one) => !isOfEvent(one) && this.#isDue(one));
      if (index === -1 || this.#sink === undefined) return;
      const [fault] = this.#faults.splice(index, 1);
      if (fault?.kind === 'watch-end') this.end();
      else if (fault?.kind === 'watch-reset') this.#close((sink) => sink.reset());
      else if (fault?.kind === 'watch-silence') this.#silent = true;
      else if (fault?.kind === 'watch-error') this.#fail(fault.status ?? expiredStatus('too old resource version'));
    }
  }

  #isDue({ afterEvents = 0 }: StreamFault): boolean {
    return this.#delivered >= afterEvents;
  }

  #fail(status: Status): void {
    this.#write(event('ERROR', JSON.stringify(status)));
    this.end();
  }

  /** Every now and then, and shortly before the end. */
  #bookmarkLater(): void {
    const { clock, bookmarkIntervalMs, timeoutMs } = this.#options;
    const again = (index: number, ms: number): void => {
      this.#timers[index] = clock.setTimeout(() => {
        this.#bookmark();
        again(index, bookmarkIntervalMs);
      }, ms);
    };
    again(1, bookmarkIntervalMs);
    if (timeoutMs > beforeEndMs) again(2, timeoutMs - beforeEndMs);
  }

  #bookmark(): void {
    const { kind, store } = this.#options;
    const metadata = { resourceVersion: String(store.revision), creationTimestamp: null };
    this.#write(event('BOOKMARK', JSON.stringify({ kind: kind.kind, apiVersion: apiVersionOf(kind), metadata })));
  }

  #write(text: string): void {
    if (!this.#silent) this.#sink?.write(text);
  }

  #close(how: (sink: StreamSink) => void): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    this.#sink = undefined;
    for (const cancel of this.#timers) cancel();
    this.#options.closed(this);
    how(sink);
  }
}

function event(type: EventType, object: string): string {
  return `{"type":"${type}","object":${object}}\n`;
}

function isOfEvent({ kind }: StreamFault): boolean {
  return kind === 'watch-withheld' || kind === 'watch-truncated' || kind === 'watch-duplicate';
}

function atRevision(object: ApiObject, revision: bigint): ApiObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

function tooOld(wanted: bigint, compacted: bigint): Status {
  return expiredStatus(`too old resource version: ${wanted} (${compacted})`);
}

function expiredStatus(message: string): Status {
  return statusOf(410, 'Expired', message);
}
