import type { ObjectKey } from '#runtime/client/resource.ts';
import type { Clock } from '#runtime/clock.ts';
import type { Source } from '#runtime/controller/reconciler.ts';
import { channelSource } from '#runtime/controller/sources.ts';

/**
 * Lets control planes that have never served start a few at a time. A start takes seconds of processor time; so many at once
 * that none gets on starve the nodes, the management cluster with them, until probes and leases run out and nothing ever
 * settles. How many is found out as TCP finds out how fast a network is (RFC 5681): one more after each quick start while
 * others wait, half as many after a slow one. So a large management cluster soon starts hundreds at once.
 */
export interface StartTurns {
  /** Wakes those that wait when somebody's turn ends. */
  readonly source: Source;
  /** Whether it may start now, or has begun to; it then has its turn until one of the calls below. Else it waits, and is woken. */
  mayStart(uid: string, key: ObjectKey): boolean;
  /** It has begun to start, perhaps under another process. */
  resume(uid: string): void;
  served(uid: string): void;
  /** It is not going to start. */
  leave(uid: string): void;
}

/** With how many it begins, whatever the nodes are. */
export const INITIAL_STARTS = 4;
const FEWEST_STARTS = 2;
/** Where even the quickest start takes long it is not the number of them that makes them slow. */
const QUICK = { ms: 30_000, timesTheQuickest: 2 };
const SLOW = { ms: 60_000, timesTheQuickest: 4 };
/** What does not serve after so long does not hold up the others any more. */
export const GIVE_UP_MS = 120_000;
/** How long to wait for a turn when nobody's ends. */
export const TURN_RECHECK_MS = 15_000;

export function createStartTurns(clock: Pick<Clock, 'monotonic'>): StartTurns {
  const channel = channelSource();
  const starting = new Map<string, number>();
  const waiting = new Map<string, ObjectKey>();
  const givenUp = new Set<string>();
  let limit = INITIAL_STARTS;
  let lastCut = Number.NEGATIVE_INFINITY;
  let quickestMs = Number.POSITIVE_INFINITY;

  const slow = (began: number): void => {
    // Those that began before the last cut were slow for the same reason.
    if (began < lastCut) return;
    limit = Math.max(FEWEST_STARTS, Math.floor(limit / 2));
    lastCut = clock.monotonic();
  };
  const giveUp = (): void => {
    for (const [uid, began] of starting) {
      if (clock.monotonic() - began < GIVE_UP_MS) continue;
      starting.delete(uid);
      givenUp.add(uid);
      slow(began);
    }
  };
  const wake = (): void => {
    giveUp();
    const free = limit - starting.size;
    for (const [, key] of [...waiting].slice(0, Math.max(0, free))) channel.trigger(key);
  };

  return {
    source: channel,
    mayStart(uid, key) {
      giveUp();
      if (givenUp.has(uid)) return true;
      if (!starting.has(uid) && starting.size >= limit) {
        waiting.set(uid, key);
        return false;
      }
      waiting.delete(uid);
      if (!starting.has(uid)) starting.set(uid, clock.monotonic());
      return true;
    },
    resume(uid) {
      waiting.delete(uid);
      if (!starting.has(uid) && !givenUp.has(uid)) starting.set(uid, clock.monotonic());
    },
    served(uid) {
      givenUp.delete(uid);
      const began = starting.get(uid);
      if (began === undefined) return;
      starting.delete(uid);
      const tookMs = clock.monotonic() - began;
      quickestMs = Math.min(quickestMs, tookMs);
      const within = ({ ms, timesTheQuickest }: typeof QUICK) => tookMs <= Math.max(ms, timesTheQuickest * quickestMs);
      if (!within(SLOW)) slow(began);
      else if (within(QUICK) && waiting.size > 0) limit += 1;
      wake();
    },
    leave(uid) {
      givenUp.delete(uid);
      const waited = waiting.delete(uid);
      if (starting.delete(uid) || waited) wake();
    },
  };
}
