import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';

/** The content of a file, read again every minute: Kubernetes rotates the tokens that it mounts. */
export function tokenFromFile(path: string, clock: Pick<Clock, 'monotonic'>): () => Promise<string> {
  return cached(async () => (await readFile(path, 'utf8')).trim(), 60_000, clock);
}

/**
 * What `load` resolved to, for `ttlMs`. Concurrent callers share one load (an exec plugin must not be started once per
 * request), and a failure is not kept.
 */
export function cached<T>(load: () => Promise<T>, ttlMs: number, clock: Pick<Clock, 'monotonic'>): () => Promise<T> {
  let current: { readonly value: Promise<T>; readonly until: number } | undefined;
  return () => {
    if (current === undefined || clock.monotonic() >= current.until) {
      const value = load();
      const mine = { value, until: clock.monotonic() + ttlMs };
      current = mine;
      value.catch(() => {
        if (current === mine) current = undefined;
      });
    }
    return current.value;
  };
}
