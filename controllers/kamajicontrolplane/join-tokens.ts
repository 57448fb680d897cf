import type { BootstrapTokenString, TokenLifetime } from '#bootstrap/bootstrap-token.ts';
import {
  bootstrapTokenSecret,
  bootstrapTokenSecretName,
  decideTokenRotation,
  DEFAULT_TOKEN_LIFETIME,
  generateBootstrapToken,
  readBootstrapToken,
} from '#bootstrap/bootstrap-token.ts';
import { CLUSTER_INFO, clusterInfoSignature } from '#bootstrap/cluster-info.ts';
import { configMaps, secrets } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import type { Clock } from '#runtime/clock.ts';

export interface JoinTokensOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly lifetime?: TokenLifetime;
  /** An integer below `max`; default: a secure one. */
  readonly random?: (max: number) => number;
}

/** The token to publish, and when to ask again. */
export interface JoinToken {
  readonly token: BootstrapTokenString;
  /** It is another one than the published one. */
  readonly rotated: boolean;
  readonly recheckAfterMs: number;
}

/** Keeps a valid bootstrap token in every tenant. What it remembers only saves requests: a settled pass makes none. */
export interface JoinTokens {
  /**
   * Answers the published token, or a new one once it has to be replaced or the tenant does not know it. `connect` is called
   * only where the tenant must be asked. Throws what it throws, ApiError, NetworkError and TenantNotPreparedError.
   */
  ensure(
    tenant: string,
    published: BootstrapTokenString | undefined,
    connect: () => Client,
    signal: AbortSignal,
  ): Promise<JoinToken>;
  /** Drops what is remembered of a tenant that is gone. */
  forget(tenant: string): void;
}

/** Something that the tenant's own controller makes is not there, or not visible yet. */
export class TenantNotPreparedError extends Error {
  override readonly name = 'TenantNotPreparedError';
  readonly code = 'TenantNotPrepared';
}

/** Even a token that lasts is looked for in the tenant this often: somebody may have deleted it there. */
const TRUSTED_MS = 600_000;

interface Known {
  readonly id: string;
  readonly expiration: Date;
  readonly seenAt: number;
}

/** Throws BootstrapError `TokenLifetimeInvalid` when tokens of that lifetime would not last. */
export function createJoinTokens(options: JoinTokensOptions): JoinTokens {
  const { clock, lifetime = DEFAULT_TOKEN_LIFETIME, random } = options;
  decideTokenRotation(undefined, new Date(0), lifetime);
  const known = new Map<string, Known>();

  const expirationOf = async (
    tenant: string,
    { id, secret }: BootstrapTokenString,
    connect: () => Client,
    signal: AbortSignal,
  ): Promise<Date | undefined> => {
    const remembered = known.get(tenant);
    if (remembered?.id === id && clock.now() - remembered.seenAt < TRUSTED_MS) return remembered.expiration;
    const key = { namespace: 'kube-system', name: bootstrapTokenSecretName(id) };
    const stored = await connect().get(secrets, key, { signal });
    const token = stored === undefined ? undefined : readBootstrapToken(stored);
    if (token === undefined || token.id !== id || token.secret !== secret) return undefined;
    known.set(tenant, { id, expiration: token.expiration, seenAt: clock.now() });
    return token.expiration;
  };

  const recheckAfterMs = (tenant: string, untilRotationMs: number): number => {
    const trustedMs = (known.get(tenant)?.seenAt ?? 0) + TRUSTED_MS - clock.now();
    return Math.max(0, Math.min(untilRotationMs, trustedMs));
  };

  return {
    async ensure(tenant, published, connect, signal) {
      const expiration = published === undefined ? undefined : await expirationOf(tenant, published, connect, signal);
      const decision = decideTokenRotation(expiration, new Date(clock.now()), lifetime);
      if (!decision.rotate && published !== undefined) {
        return { token: published, rotated: false, recheckAfterMs: recheckAfterMs(tenant, decision.recheckAfterMs) };
      }
      const now = new Date(clock.now());
      const token = generateBootstrapToken(now, lifetime, random);
      await publishInTenant(connect(), token, signal);
      known.set(tenant, { id: token.id, expiration: token.expiration, seenAt: now.getTime() });
      const next = decideTokenRotation(token.expiration, now, lifetime);
      return { token, rotated: true, recheckAfterMs: recheckAfterMs(tenant, next.rotate ? 0 : next.recheckAfterMs) };
    },
    forget: (tenant) => void known.delete(tenant),
  };
}

/** Makes the token valid, and signs cluster-info with it at once instead of waiting for the tenant's bootstrap signer. */
async function publishInTenant(
  client: Client,
  token: ReturnType<typeof generateBootstrapToken>,
  signal: AbortSignal,
): Promise<void> {
  const kubeconfig = (await client.get(configMaps, CLUSTER_INFO, { signal }))?.data?.['kubeconfig'];
  if (kubeconfig === undefined) {
    throw new TenantNotPreparedError(`the tenant has no ConfigMap ${CLUSTER_INFO.namespace}/${CLUSTER_INFO.name}`);
  }
  const { metadata, type, data } = bootstrapTokenSecret(token, 'Lets machines join; renewed before it expires.');
  const { name, namespace = '' } = metadata;
  // Without our label: it runs out by itself, and is not among the objects that are kept as desired inside the tenant.
  await client.create(secrets, { metadata: { name, namespace }, type, data: { ...data } }, { signal });
  // Signatures of other tokens are none of our business: only this key is merged in.
  await client.mergePatch(
    configMaps,
    CLUSTER_INFO,
    { data: await clusterInfoSignature(kubeconfig, token) },
    { signal },
  );
}
