import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KubeconfigReissue, ObtainingOptions } from '#bootstrap/kubeconfig.ts';
import { type Secret, secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import { createMergePatch } from '#runtime/client/merge-patch.ts';
import { keyOf } from '#runtime/client/resource.ts';
import { asError, messageOf } from '#runtime/controller/finding.ts';
import type { Failure } from '../finding.ts';
import { isGenerated } from '../ownership.ts';
import { foreignSecret, type Wish } from '../plan.ts';
import { secretFor } from '../secret.ts';
import type { SettledKubeconfigs } from '../settled.ts';
import { grant } from './kubeconfig.ts';
import { inParallel } from './in-parallel.ts';

/** A kubeconfig that is there now. */
export interface Provided {
  readonly wish: Wish;
  readonly renewAt: Date;
  /** Why it got new content in this pass. */
  readonly reissue?: KubeconfigReissue;
}

export interface ProvidingOptions extends ObtainingOptions {
  readonly client: Client;
  readonly signal: AbortSignal;
  readonly settled: SettledKubeconfigs;
}

// Enough to keep the API server busy, not so many that a fleet's first pass starves everything else.
const AT_ONCE = 10;

/** Sees to it that every wish's Secret is there. All are tried; a failure of one is told beside the others. */
export async function provide(
  wishes: readonly Wish[],
  options: ProvidingOptions,
): Promise<readonly (Provided | Failure)[]> {
  return inParallel(wishes, AT_ONCE, async (wish) => {
    const renewAt = options.settled.renewAt(wish, options.now);
    if (renewAt !== undefined) return { wish, renewAt };
    // To verify a kubeconfig never waits for I/O; without this all of them would be one long turn of the event loop.
    await nextTurn();
    try {
      return await provideOne(wish, options);
    } catch (error) {
      const problem = { reason: 'InternalError', message: messageOf(error), error: asError(error) } as const;
      return { tenant: wish.tenant, problem };
    }
  });
}

/** Removes Secrets that nothing calls for. All are tried; the first failure is thrown when the last has ended. */
export async function remove(
  surplus: readonly Secret[],
  { client, signal }: Pick<ProvidingOptions, 'client' | 'signal'>,
): Promise<readonly Secret[]> {
  const outcomes = await inParallel(surplus, AT_ONCE, async (secret) => {
    const { uid } = secret.metadata ?? {};
    const deletion = client.delete(secrets, keyOf(secret), { signal, ...(uid === undefined ? {} : { uid }) });
    return deletion.then(
      (deleted) => ({ removed: deleted ? [secret] : [] }),
      (error: unknown) => ({ removed: [], error: asError(error) }),
    );
  });
  const failed = outcomes.find((outcome) => 'error' in outcome);
  if (failed !== undefined && 'error' in failed) throw failed.error;
  return outcomes.flatMap(({ removed }) => removed);
}

async function provideOne(planned: Wish, options: ProvidingOptions): Promise<Provided | Failure> {
  const { client, signal, settled } = options;
  const { key, tenant } = planned;
  // The cache holds only what carries the label of a generator: before the first write, look whether the name is free.
  const live = planned.live ?? (await client.get(secrets, key, { signal }));
  if (live !== undefined && !isGenerated(live, planned.generator)) return { tenant, problem: foreignSecret(live) };
  const wish = { ...planned, live };
  const granted = await grant(wish, options);
  if ('message' in granted) return { tenant, problem: granted };
  const { text, renewAt, reissue, rotatedAt } = granted;
  const secret = await write(live, secretFor(wish, text, rotatedAt), client, signal);
  settled.remember(wish, secret, renewAt);
  return { wish, renewAt, ...(reissue === undefined ? {} : { reissue }) };
}

/** Creates the Secret, or changes it if it is still as it was read; a Secret in order is not written. */
async function write(live: Secret | undefined, desired: Secret, client: Client, signal: AbortSignal): Promise<Secret> {
  // Not by apply: that would merge into a Secret that somebody else made meanwhile.
  if (live === undefined) return client.create(secrets, desired, { signal });
  const change = createMergePatch(live, desired);
  if (typeof change !== 'object' || change === null) return live;
  const { metadata = {}, ...rest } = change as Partial<Secret>;
  const condition = { resourceVersion: live.metadata?.resourceVersion, uid: live.metadata?.uid };
  return client.mergePatch(secrets, keyOf(live), { ...rest, metadata: { ...metadata, ...condition } }, { signal });
}
