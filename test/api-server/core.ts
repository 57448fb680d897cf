import type { Registry } from './registry.ts';
import type { Store } from './store.ts';

/** What every part of the server works on. */
export interface Core {
  readonly store: Store;
  readonly registry: Registry;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** What is allocated next, so that nothing is soon used again. */
  readonly next: { address: number; nodePort: number };
  /** RFC 3339, whole seconds. */
  readonly now: () => string;
}

/** How a write is to be done. */
export interface WriteOptions {
  /** Who is written into `metadata.managedFields`. */
  readonly manager: string;
  /** Everything happens but the write. */
  readonly dryRun: boolean;
}

export function keyOf(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}
