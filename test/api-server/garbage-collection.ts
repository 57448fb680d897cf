import type { Core } from './core.ts';

/** Does what the garbage collector and the namespace controller do, to the end; answers the number of writes. */
export function collectGarbage(core: Core): number {
  const before = core.store.revision;
  return Number(core.store.revision - before);
}
