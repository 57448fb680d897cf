import type { Secret } from '#runtime/client/builtin.ts';
import { keyString } from '#runtime/client/resource.ts';
import type { Wish } from './plan.ts';

/**
 * What this process has found to be in order, so that a pass over a thousand tenants does not parse and verify two
 * thousand certificates again. Nothing depends on it but time.
 */
export class SettledKubeconfigs {
  readonly #byGenerator = new Map<string, Map<string, Entry>>();

  /** When the kubeconfig of a wish is due for renewal, where nothing that it depends on has changed and that is not yet. */
  renewAt(wish: Wish, now: Date): Date | undefined {
    const entry = this.#byGenerator.get(wish.generator)?.get(keyString(wish.key));
    if (entry === undefined || entry.fingerprint !== fingerprint(wish, wish.live)) return undefined;
    return entry.renewAt.getTime() > now.getTime() ? entry.renewAt : undefined;
  }

  /** The Secret fulfils the wish until then. */
  remember(wish: Wish, secret: Secret, renewAt: Date): void {
    const entries = this.#byGenerator.get(wish.generator) ?? new Map<string, Entry>();
    entries.set(keyString(wish.key), { fingerprint: fingerprint(wish, secret), renewAt });
    this.#byGenerator.set(wish.generator, entries);
  }

  /** Forgets whatever a generator does not wish for any more. */
  keepOnly(generator: string, wishes: readonly Wish[]): void {
    const kept = new Set(wishes.map(({ key }) => keyString(key)));
    const entries = this.#byGenerator.get(generator) ?? new Map<string, Entry>();
    for (const key of entries.keys()) if (!kept.has(key)) entries.delete(key);
    if (entries.size === 0) this.#byGenerator.delete(generator);
  }
}

interface Entry {
  readonly fingerprint: string;
  readonly renewAt: Date;
}

function fingerprint({ tenant, authority, adminKubeconfig, subject, endpointKey }: Wish, secret: Secret | undefined) {
  const versions = [authority, adminKubeconfig, secret].map((one) => [
    one?.metadata?.uid,
    one?.metadata?.resourceVersion,
  ]);
  return JSON.stringify([tenant.metadata.uid, versions, subject.user, subject.groups, endpointKey]);
}
