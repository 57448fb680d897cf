/** What the reflectors of a cache report; must not throw. `resource` is `plural.group`, or the bare plural in the core group. */
export interface CacheMetrics {
  /** A full list was taken: the first, or a relist after the server had forgotten our resourceVersion. */
  listFinished(resource: string, sample: { readonly objects: number; readonly durationMs: number }): void;
  /** A list failed, or a page of it; it is tried again. */
  listFailed(resource: string): void;
  /** A watch ended; `failed` unless the server closed it as announced. */
  watchEnded(resource: string, sample: { readonly failed: boolean }): void;
  /** Objects held, after every list and at the end of every watch. */
  objectsHeld(resource: string, count: number): void;
}

export const noCacheMetrics: CacheMetrics = {
  listFinished: () => {},
  listFailed: () => {},
  watchEnded: () => {},
  objectsHeld: () => {},
};
