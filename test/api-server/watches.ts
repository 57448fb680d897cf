import type { Clock } from '#runtime/clock.ts';
import type { Core } from './core.ts';
import { absentPath } from './handler.ts';
import type { Answer, Delivery } from './exchange.ts';
import { presentation } from './presentation.ts';
import { isTrue, kindOf } from './request.ts';
import type { RequestInfo, WireRequest } from './request.ts';
import { selection } from './selection.ts';
import { badRequest, failure, unreadable } from './status.ts';
import { WatchStream } from './watch-stream.ts';

/** The watches that are open. */
export class Watches {
  readonly open = new Set<WatchStream>();
  readonly #core: Core;
  readonly #clock: Clock;
  readonly #bookmarkIntervalMs: number;

  constructor(core: Core, clock: Clock, bookmarkIntervalMs: number) {
    this.#core = core;
    this.#clock = clock;
    this.#bookmarkIntervalMs = bookmarkIntervalMs;
    core.store.subscribe((change) => {
      for (const stream of this.open) stream.observe(change);
    });
  }

  /** A watch that is ready to be started. Throws Refusal. */
  prepare(info: RequestInfo, request: WireRequest): Answer | Extract<Delivery, { kind: 'watch' }> {
    const kind = kindOf(this.#core.registry, info);
    if (kind === undefined || info.subresource !== '' || info.name !== '') return absentPath(info);
    const { query } = info;
    if (query.has('sendInitialEvents')) throw badRequest('this server has no streaming lists');
    const text = query.get('resourceVersion') ?? '';
    if (!/^\d*$/.test(text))
      throw failure(`resourceVersion: Invalid value: ${JSON.stringify(text)}: ${unreadable(text)}`);
    const stream = new WatchStream({
      info,
      kind,
      matches: selection(kind, query.get('labelSelector'), query.get('fieldSelector')),
      present: presentation(kind, request.accept),
      since: text === '' || text === '0' ? undefined : BigInt(text),
      bookmarks: isTrue(query.get('allowWatchBookmarks')),
      bookmarkIntervalMs: this.#bookmarkIntervalMs,
      timeoutMs: 1000 * (Number(query.get('timeoutSeconds') ?? '0') || 1800),
      clock: this.#clock,
      store: this.#core.store,
      opened: (one) => this.open.add(one),
      closed: (one) => this.open.delete(one),
    });
    return { kind: 'watch', stream };
  }

  endAll(): void {
    for (const stream of this.open) stream.end();
  }
}
