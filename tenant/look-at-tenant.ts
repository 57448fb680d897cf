import { labels, PROJECT } from '#api/labels.ts';
import { canonicalHash } from '#runtime/client/canonical.ts';
import type { Client } from '#runtime/client/client.ts';
import { ApiError } from '#runtime/client/errors.ts';
import type { KubeObject, Resource } from '#runtime/client/resource.ts';
import { keyOf } from '#runtime/client/resource.ts';
import { isSubset } from '#runtime/client/subset.ts';
import type { ObjectOf, Observed } from './observed.ts';
import { identityOf, isDerived, merged, observe, versionOf } from './observed.ts';
import type { DesiredObject, Look, OwnedObjectsOptions, OwnedObjectsResult, Plan } from './owned-objects.ts';

interface Settled {
  readonly resource: Resource;
  /** Of the desired object. */
  readonly hash: string;
  /** Of the object when it was seen to be as desired. */
  readonly version: string;
  /** The same, but for changes of its status too. */
  readonly resourceVersion: string | undefined;
}

/** What is remembered of a tenant from one look to the next. */
export interface Memory<Notes> {
  /** By identity. */
  readonly settled: Map<string, Settled>;
  notes: Notes | undefined;
  /** Whose turn it is; undefined: all kinds are looked at. */
  turn: number | undefined;
}

// What a management cluster inside the tenant hosts says of which control plane it is; ours there does not.
const MARK = `${labels.project}=${PROJECT},!${labels.name}`;

/** One look at a tenant's objects, and what has to be done about them. */
export class LookAtTenant<Notes> {
  readonly #options: OwnedObjectsOptions;
  readonly #memory: Memory<Notes>;
  readonly #client: Client;
  readonly #signal: AbortSignal;
  readonly #failures: { object: KubeObject; error: unknown }[] = [];
  #observed: Observed = { kinds: [], objects: new Map() };

  constructor(options: OwnedObjectsOptions, memory: Memory<Notes>, client: Client, signal: AbortSignal) {
    this.#options = options;
    this.#memory = memory;
    this.#client = client;
    this.#signal = signal;
  }

  /**
   * With `blindly`, as if all kinds had been looked at and nothing found. With `samePlan`, nothing is planned where the tenant is as
   * the last look left it.
   */
  async run(
    plan: (look: Look<Notes>) => Promise<Plan<Notes>>,
    { blindly, samePlan }: { readonly blindly: boolean; readonly samePlan: boolean },
  ): Promise<OwnedObjectsResult> {
    if (blindly) this.#observed = { kinds: this.#allKinds(), objects: new Map() };
    else await this.#observeTurn();
    if (samePlan && this.#isUntouched()) {
      this.#takeTurns();
      return { applied: 0, pruned: 0, failures: [] };
    }
    let { desired, notes, keepOthers = false } = await plan(this.#look());
    let wanted = byIdentity(desired);
    if (this.#concernsUnseen(wanted, keepOthers)) {
      await this.#observeRest();
      ({ desired, notes, keepOthers = false } = await plan(this.#look()));
      wanted = byIdentity(desired);
    }
    this.#memory.notes = notes;
    const applied = await this.#each([...wanted], (identity, entry) => this.#bring(identity, entry));
    const surplus = keepOthers ? [] : this.#surplus(wanted);
    const pruned = await this.#each(surplus, (identity, entry) => this.#remove(identity, entry));
    if (applied + pruned + this.#failures.length === 0) this.#takeTurns();
    else this.#memory.turn = undefined;
    return { applied, pruned, failures: this.#failures };
  }

  #takeTurns(): void {
    this.#memory.turn = ((this.#memory.turn ?? -1) + 1) % this.#options.turns.length;
  }

  /** Whether the last look had nothing to do, and nothing of what this one sees has changed since. */
  #isUntouched(): boolean {
    const { turn, settled } = this.#memory;
    if (turn === undefined) return false;
    const asLeft = [...settled].every(
      ([identity, { resource, resourceVersion }]) =>
        !this.#sees(resource) ||
        this.#observed.objects.get(identity)?.object.metadata?.resourceVersion === resourceVersion,
    );
    return asLeft && [...this.#observed.objects].every(([identity, one]) => settled.has(identity) || isLeftAlone(one));
  }

  async #observeTurn(): Promise<void> {
    const { turn, settled } = this.#memory;
    const kinds = turn === undefined ? undefined : this.#options.turns[turn];
    if (kinds === undefined) await this.#observe(this.#allKinds(), settled.size > 0);
    // One after the other, over one connection: with several at once each would take a handshake where nobody has asked the tenant for
    // a while, and then stay open for a while, which costs more than all lists together.
    for (const kind of kinds ?? []) await this.#observe([kind], settled.size > 0);
    const asRemembered = [...settled].every(
      ([identity, { resource, version }]) => !this.#sees(resource) || this.#versionOf(identity) === version,
    );
    // Who damaged one thing has often damaged others.
    if (!asRemembered) await this.#observeRest();
  }

  async #observeRest(): Promise<void> {
    await this.#observe(
      this.#allKinds().filter((kind) => !this.#sees(kind)),
      true,
    );
  }

  async #observe(kinds: readonly Resource[], metadataOnly: boolean): Promise<void> {
    const { namespaces } = this.#options;
    const selection = { labelSelector: MARK, namespaces, metadataOnly, signal: this.#signal };
    this.#observed = merged(this.#observed, await observe(this.#client, kinds, selection));
  }

  /** Whether a change is wanted of something that this look has not seen. */
  #concernsUnseen(wanted: ReadonlyMap<string, Wanted>, keepOthers: boolean): boolean {
    const { settled } = this.#memory;
    const changed = [...wanted].some(
      ([identity, { resource, hash }]) => !this.#sees(resource) && settled.get(identity)?.hash !== hash,
    );
    const unwanted = [...settled].some(([identity, { resource }]) => !this.#sees(resource) && !wanted.has(identity));
    return changed || (unwanted && !keepOthers);
  }

  async #bring(identity: string, entry: Wanted): Promise<boolean> {
    const { resource, hash } = entry;
    if (!this.#sees(resource)) return false;
    const live = this.#observed.objects.get(identity)?.object;
    const remember = (object: KubeObject): void => {
      const { resourceVersion } = object.metadata ?? {};
      this.#memory.settled.set(identity, { resource, hash, version: versionOf(object), resourceVersion });
    };
    if (live !== undefined && this.#isSettled(entry, live, this.#memory.settled.get(identity))) {
      remember(live);
      return false;
    }
    const { object } = this.#annotated(entry);
    const stored = await this.#apply({ resource, object }, live);
    // A member that is wanted empty is lost where it was not empty before; only a second apply puts it there.
    const isLast = isSubset(object, stored, resource) || isSameVersion(stored, live);
    if (isLast) remember(stored);
    else this.#memory.settled.delete(identity);
    return true;
  }

  /** Whether an object, of which perhaps only the metadata are known, is as wanted. */
  #isSettled(entry: Wanted, live: KubeObject, last: Settled | undefined): boolean {
    const { resource, object } = this.#annotated(entry);
    if (last === undefined) return isSubset(object, live, resource);
    const asLast = last.hash === entry.hash && last.version === versionOf(live);
    return asLast && isSubset({ metadata: object.metadata }, { metadata: live.metadata }, resource);
  }

  async #apply({ resource, object }: DesiredObject, live: KubeObject | undefined): Promise<KubeObject> {
    const { fieldManager } = this.#options;
    const write = () => this.#client.apply(resource, object, { fieldManager, signal: this.#signal });
    try {
      return await write();
    } catch (error) {
      if (live === undefined || !isImmutable(error)) throw error;
      await this.#delete({ resource, object: live });
      return write();
    }
  }

  #surplus(wanted: ReadonlyMap<string, Wanted>): readonly (readonly [string, ObjectOf])[] {
    const { settled } = this.#memory;
    for (const [identity, { resource }] of settled) {
      const gone = this.#sees(resource) && !this.#observed.objects.has(identity);
      if (gone && !wanted.has(identity)) settled.delete(identity);
    }
    return [...this.#observed.objects].filter(([identity, one]) => !wanted.has(identity) && !isLeftAlone(one));
  }

  async #remove(identity: string, entry: ObjectOf): Promise<boolean> {
    await this.#delete(entry);
    this.#memory.settled.delete(identity);
    return true;
  }

  async #delete({ resource, object }: ObjectOf): Promise<void> {
    const uid = object.metadata?.uid;
    await this.#client.delete(resource, keyOf(object), {
      ...(uid === undefined ? {} : { uid }),
      propagationPolicy: 'Background',
      signal: this.#signal,
    });
  }

  /** Does it to all at once, and answers how many changed by it; failures are noted and stop no other. */
  async #each<E extends ObjectOf>(
    entries: readonly (readonly [string, E])[],
    work: (identity: string, entry: E) => Promise<boolean>,
  ): Promise<number> {
    const outcomes = entries.map(async ([identity, entry]) => {
      try {
        return await work(identity, entry);
      } catch (error) {
        if (this.#signal.aborted) throw error;
        this.#failures.push({ object: entry.object, error });
        return false;
      }
    });
    return (await Promise.all(outcomes)).filter(Boolean).length;
  }

  #look(): Look<Notes> {
    const { settled, notes } = this.#memory;
    return {
      versionOf: (resource, key) => {
        const identity = identityOf(resource, key);
        return this.#sees(resource) ? this.#versionOf(identity) : settled.get(identity)?.version;
      },
      notes,
    };
  }

  #annotated({ resource, object, hash }: Wanted): DesiredObject {
    const annotations = { ...object.metadata?.annotations, [this.#options.hashAnnotation]: hash };
    return { resource, object: { ...object, metadata: { ...object.metadata, annotations } } };
  }

  #versionOf(identity: string): string | undefined {
    const live = this.#observed.objects.get(identity);
    return live === undefined ? undefined : versionOf(live.object);
  }

  #sees(resource: Resource): boolean {
    return this.#observed.kinds.includes(resource);
  }

  #allKinds(): readonly Resource[] {
    return [...new Set(this.#options.turns.flat())];
  }
}

/** Whether an object that is not wanted may stay. */
function isLeftAlone({ object }: ObjectOf): boolean {
  // What is going waits for whoever has a finalizer on it; to delete it again is of no use.
  return object.metadata?.deletionTimestamp !== undefined || isDerived(object);
}

function isSameVersion(stored: KubeObject, live: KubeObject | undefined): boolean {
  return live !== undefined && stored.metadata?.resourceVersion === live.metadata?.resourceVersion;
}

interface Wanted extends DesiredObject {
  readonly hash: string;
}

function byIdentity(desired: readonly DesiredObject[]): ReadonlyMap<string, Wanted> {
  return new Map(
    desired.map(({ resource, object }) => [
      identityOf(resource, keyOf(object)),
      { resource, object, hash: canonicalHash(object) },
    ]),
  );
}

// Whom a binding gives which role, which pods are a workload's, which address a Service has. There is no code for it.
function isImmutable(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.isInvalid &&
    /immutable|cannot change roleRef|may not change/u.test(error.message)
  );
}
